"""What the reader installed for everyone: R, and the environment that JupyterHub runs from."""

import re
import shlex

from workbench.checks.check import Outcome
from workbench.checks.check import failed
from workbench.checks.check import passed
from workbench.checks.labs.names import HUB
from workbench.checks.labs.names import USER
from workbench.checks.target import Answer
from workbench.checks.target import Target

# Of Node: the oldest that configurable-http-proxy 5 asks for.
OLDEST_NODE = 20
# What a service's programs have, and the environment's own, wherever the reader put them in it.
PATH = f"{HUB}/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
# In seconds: the first start of a program reads all of it from a small server's disk.
LIMIT = 120


def check_r(target: Target) -> Outcome:
    """Check that R computes for a person, in a shell of theirs and for a service alike."""
    code = "cat(6 * 7, paste(R.version$major, R.version$minor, sep = '.'))"
    asked = f"Rscript -e {shlex.quote(code)}"
    # A service reads no profile: what is found by a line in one is found in shells only.
    for where, command in (
        ("in a shell", f"sudo -n runuser -l {USER} -c {shlex.quote(asked)}"),
        ("without a shell", f"sudo -n runuser -u {USER} -- {asked}"),
    ):
        answer = target.server().run(command, limit=LIMIT)
        words = answer.stdout.split()
        if words[:1] != ["42"] or len(words) != 2:
            return failed(f"R doesn't run for {USER} {where}: {_last(answer)}")
    return passed(f"R {words[1]} runs for {USER}")


def check_hub_environment(target: Target) -> Outcome:
    """Check that people can run what JupyterHub starts for them, and that its proxy's Node is new.

    The hub is root's, and what it starts isn't: an interpreter in root's home is of no use.
    """
    found = []
    for what, command in (
        ("JupyterHub", _version("jupyterhub")),
        ("JupyterLab", _version("jupyterlab")),
        ("configurable-http-proxy", "configurable-http-proxy --version"),
        ("Node", "node --version"),
    ):
        answer = target.server().run(
            f"sudo -n runuser -u {USER} -- env PATH={PATH} {command}", limit=LIMIT
        )
        number = re.match(r"v?(\d+(\.\d+)+)\s*\Z", answer.stdout)
        if not answer.ok or number is None:
            return failed(f"{USER} can't use {what}: {_last(answer)}")
        found.append(number[1])
    hub, notebooks, proxy, node = found
    if int(node.split(".")[0]) < OLDEST_NODE:
        return failed(
            f"configurable-http-proxy {proxy} would run on Node {node}, and asks for"
            f" {OLDEST_NODE} or newer"
        )
    writable = f"sudo -n runuser -u {USER} -- test -w {HUB}/bin"
    if target.server().run(writable, limit=30).ok:
        return failed(f"{USER} can write to {HUB}/bin, from which root runs programs")
    return passed(f"JupyterHub {hub}, JupyterLab {notebooks}, Node {node}")


def _version(package: str) -> str:
    """Return the command for a package's version, by the Python that people's programs have."""
    code = f'from importlib.metadata import version; print(version("{package}"))'
    return f"{HUB}/bin/python3 -c {shlex.quote(code)}"


def _last(answer: Answer) -> str:
    lines = (answer.stderr.strip() or answer.stdout.strip()).splitlines()
    return lines[-1].strip() if lines else f"exit code {answer.exit_code}"
