"""Why the server has no certificate, or an old one: what Caddy was told, in a person's words."""

import re

from workbench.checks.target import Target
from workbench.errors import WorkbenchError
from workbench.terminal import read_json

# One line each time that an authority gave none; -n so that a long log takes no long time.
READ = (
    "sudo -n journalctl -u caddy -o cat --no-pager -n 5000"
    " | grep -F 'could not get certificate from issuer' | tail -n 100"
)
CONVERGE = "workbench converge --stack {stack}"
# Everyone is the default.
OPEN_WEB = "pulumi config rm workbench:httpFrom --stack {stack} && workbench up --stack {stack}"
UP = "workbench up --stack {stack}"
PROXY_LOG = "workbench logs caddy --stack {stack}"
LONGEST = 160

# What the authority or Caddy says, what it means, and what to do; the first that fits.
CAUSES = (
    (
        r"acme:error:rateLimited|HTTP 429",
        "the certificate authority asks to wait: {detail}",
        f"wait until then; Caddy tries again automatically, or right away with: {CONVERGE}",
    ),
    (
        r"acme:error:(connection|unauthorized|tls|dns|caa)",
        "the certificate authority can't reach the server at {name}: {detail}",
        "",
    ),
    (
        r"unknown profile|acme:error:invalidProfile",
        "the certificate authority doesn't offer short-lived certificates, which IP addresses need",
        UP,
    ),
    (
        r"acme:error:rejectedIdentifier",
        "the certificate authority refuses one for {name}: {detail}",
        PROXY_LOG,
    ),
    (
        r"no such host|server misbehaving|dial tcp|i/o timeout|deadline exceeded|x509:",
        "the server can't reach the certificate authority: {detail}",
        CONVERGE,
    ),
)
Refusal = tuple[str, str]


def read_refusal(target: Target, name: str) -> Refusal:
    """Return why the server last got no certificate for a name, and what to do about it."""
    try:
        lines = target.server().run(READ).stdout.splitlines()
    except (WorkbenchError, OSError):
        return "the server can't be asked why", "workbench doctor --stack {stack}"
    events = [event for line in lines if isinstance(event := _event(line), dict)]
    about = [event for event in events if event.get("identifier") == name]
    errors = [str(event["error"]) for event in about if "error" in event]
    if not errors:
        return "Caddy hasn't received one yet", CONVERGE
    return explain(target, name, errors[-1])


def explain(target: Target, name: str, error: str) -> Refusal:
    """Return an error of Caddy's in a person's words, and the command that helps."""
    detail = _detail(error)
    for pattern, sentence, fix in CAUSES:
        if re.search(pattern, error):
            return sentence.format(name=name, detail=detail), fix or _open(target)
    return detail, PROXY_LOG


def _open(target: Target) -> str:
    """Return how the authority, which comes from anywhere, gets in where the stack keeps it out."""
    return CONVERGE if "0.0.0.0/0" in target.configured.http_from else OPEN_WEB


def _detail(error: str) -> str:
    """Return the part that says what happened: behind the problem's type, or the last one."""
    said = re.split(r"urn:ietf:params:acme:error:\w+ - ", error)[-1]
    said = re.sub(r"^\[[^]]*\] |\(ca=[^)]*\)$", "", said).strip()
    return said if len(said) <= LONGEST else f"{said[:LONGEST]}…"


def _event(line: str) -> object:
    try:
        return read_json(line)
    except ValueError:
        return None
