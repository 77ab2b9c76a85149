"""A visitor who guesses passwords keeps nobody out, and learns nothing of who has an account."""

import asyncio
import json
import re
import ssl
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import httpx
import pytest
from host_lab import DOMAIN
from host_lab import Lab

from workbench.checks.target import Address
from workbench.checks.target import Target
from workbench.checks.web import check_wrong_password

PASSWORD = "Penguins-on-ice-42"
LOGIN = f"https://{DOMAIN}/jupyter/hub/login"
RSTUDIO = f"https://{DOMAIN}/rstudio"
# Every wrong answer is held that long by the hub; a right one isn't.
HELD = 2.0


@dataclass
class Answer:
    """What the hub said to a password, and after how long, in seconds."""

    status: int
    error: str
    headers: dict[str, str]
    seconds: float
    page: str
    cookies: dict[str, str]


@pytest.fixture(scope="module")
def password(lab: Lab) -> str:
    for name in ("test-user", "ann"):
        lab.run(f"workbench-passwd {name}", stdin=f"{PASSWORD}\n")
    return PASSWORD


@pytest.fixture(scope="module", autouse=True)
def left_as_it_was(lab: Lab) -> Iterator[None]:
    yield
    forget(lab)


@pytest.fixture
def forgotten(lab: Lab) -> None:
    """Have the hub forget what tests before this one got wrong."""
    forget(lab)


def forget(lab: Lab) -> None:
    lab.run("systemctl restart jupyterhub")
    lab.wait_for(lambda: lab.run(f"curl -sk -o /dev/null -w '%{{http_code}}' {at(lab)}") == "200")


def at(lab: Lab) -> str:
    return f"--resolve {DOMAIN}:443:{lab.address} {LOGIN}"


@dataclass
class Form:
    """A form to sign in with: its page, its token's name, and where it is sent to."""

    page: str
    token: str
    target: str


HUB_FORM = Form("/jupyter/hub/login", "_xsrf", "/jupyter/hub/login")
RSTUDIO_FORM = Form("/rstudio/auth-sign-in", "rs-csrf-token", "/rstudio/auth-do-sign-in")
FORMS = pytest.mark.parametrize("form", [HUB_FORM, RSTUDIO_FORM], ids=["jupyterhub", "rstudio"])


async def attempt(
    lab: Lab,
    user: str,
    password: str,
    cookies: dict[str, str] | None = None,
    form: Form = HUB_FORM,
    **headers: str,
) -> Answer:
    tls = ssl.create_default_context(cafile=str(lab.folder / "ca.pem"))
    base = f"https://{lab.address}"
    options = {"extensions": {"sni_hostname": DOMAIN}, "headers": {"Host": DOMAIN, **headers}}
    async with httpx.AsyncClient(verify=tls, timeout=60, cookies=cookies) as http:
        page = await http.get(f"{base}{form.page}", **options)  # type: ignore[arg-type]
        found = re.search(rf'name="{form.token}"\s+value="([^"]+)"', page.text)
        assert found, page.text
        data = {"username": user, "password": password, form.token: found[1]}
        begun = time.monotonic()
        answer = await http.post(f"{base}{form.target}", data=data, **options)  # type: ignore[arg-type]
        seconds = time.monotonic() - begun
        error = re.search(r'class="login_error">([^<]*)<|role="alert">([^<]*)<', answer.text)
        hidden = answer.text.replace(found[1], "").replace(user, "NAME")
        return Answer(
            answer.status_code,
            error[1] or error[2] if error else answer.headers.get("location", ""),
            dict(answer.headers),
            seconds,
            re.sub(r'value="[^"]{20,}"', "", hidden),
            {cookie.name: cookie.value or "" for cookie in http.cookies.jar},
        )


def guess(lab: Lab, user: str, count: int, form: Form = HUB_FORM, **headers: str) -> list[Answer]:
    """Try wrong passwords, all at once."""

    async def guesses() -> list[Answer]:
        return await asyncio.gather(
            *(attempt(lab, user, f"wrong-{i}", form=form, **headers) for i in range(count))
        )

    return asyncio.run(guesses())


def test_guesses_end_and_a_forged_address_does_not_help(
    lab: Lab, password: str, forgotten: None
) -> None:
    answers = guess(lab, "ann", 12)
    for number in range(20):
        forged = f"198.51.100.{number}"
        answers += guess(lab, "ann", 1, **{"X-Forwarded-For": forged, "X-Real-Ip": forged})
    said = Counter(answer.status for answer in answers)
    assert said == {403: 10, 429: 22}
    assert "Try again in 5 minutes" in answers[-1].error
    assert 0 < int(answers[-1].headers["retry-after"]) <= 300


def test_the_log_has_the_visitors_own_address(lab: Lab, password: str, forgotten: None) -> None:
    guess(lab, "ann", 1, **{"X-Forwarded-For": "8.8.8.8", "X-Real-Ip": "8.8.4.4"})
    log = lab.run("journalctl --unit jupyterhub --lines 50 --no-pager")
    gateway = lab.run("ip route show default | awk '{print $3}'")
    assert f"PAM Authentication failed ('ann'@{gateway})" in log
    assert "8.8." not in log


def test_a_right_one_does_not_wait_for_the_wrong_ones(
    lab: Lab, password: str, forgotten: None
) -> None:
    async def flood() -> tuple[list[Answer], Answer]:
        known = await attempt(lab, "ann", password)
        wrong = [
            asyncio.create_task(attempt(lab, f"name-{i % 7}", f"wrong-{i}")) for i in range(50)
        ]
        right = await attempt(lab, "ann", password)
        assert known.status == right.status == 302, (known, right)
        still_waiting = [task for task in wrong if not task.done()]
        # It overtook those that were sent before it.
        assert len(still_waiting) > 10
        return await asyncio.gather(*wrong), right

    wrong, right = asyncio.run(flood())
    assert {answer.status for answer in wrong} <= {403, 429}
    assert right.seconds < max(answer.seconds for answer in wrong)


def test_the_owners_browser_gets_in_while_others_guess_at_the_same_address(
    lab: Lab, password: str, forgotten: None
) -> None:
    cookies = asyncio.run(attempt(lab, "ann", password)).cookies
    # As after signing out.
    browser = {name: value for name, value in cookies.items() if name.startswith("workbench-known")}
    guess(lab, "ann", 15)
    assert asyncio.run(attempt(lab, "ann", password)).status == 429
    assert asyncio.run(attempt(lab, "ann", password, browser)).status == 302
    # The name of someone else isn't theirs to guess with it.
    guess(lab, "test-user", 15)
    assert asyncio.run(attempt(lab, "test-user", password, browser)).status == 429


@FORMS
def test_a_name_without_an_account_is_answered_as_one_with(
    lab: Lab, password: str, forgotten: None, form: Form
) -> None:
    known, unknown, closed = (
        asyncio.run(attempt(lab, user, "wrong", form=form)) for user in ("ann", "bea", "root")
    )
    own = {"date", "set-cookie", "content-length"}
    for other in (unknown, closed):
        assert (other.status, other.error, other.page) == (known.status, known.error, known.page)
        assert {k: v for k, v in other.headers.items() if k not in own} == {
            k: v for k, v in known.headers.items() if k not in own
        }
    # The work of a password's check doesn't show: all are held to the same moment.
    seconds = [each.seconds for each in (known, unknown, closed)]
    assert min(seconds) >= HELD
    assert max(seconds) - min(seconds) < 1


def test_guesses_at_rstudio_and_at_jupyterhub_count_together(
    lab: Lab, password: str, forgotten: None
) -> None:
    signed_in = asyncio.run(attempt(lab, "ann", password, form=RSTUDIO_FORM))
    assert signed_in.error == f"{RSTUDIO}/"
    forged = {"X-Forwarded-For": "198.51.100.1", "X-Real-Ip": "198.51.100.2"}
    answers = guess(lab, "ann", 6, RSTUDIO_FORM, **forged) + guess(lab, "ann", 4)
    assert Counter(each.status for each in answers) == {302: 6, 403: 4}
    assert {each.error for each in answers[:6]} == {"/rstudio/auth-sign-in?appUri=&error=1"}
    for form in (RSTUDIO_FORM, HUB_FORM):
        waits = asyncio.run(attempt(lab, "ann", password, form=form))
        assert waits.status == 429
        assert "Try again in 5 minutes" in waits.error
    # Her own browser isn't in the guessers' way, nor they in hers.
    browser = {k: v for k, v in signed_in.cookies.items() if k.startswith("workbench-known")}
    again = asyncio.run(attempt(lab, "ann", password, browser, form=RSTUDIO_FORM))
    assert again.error == f"{RSTUDIO}/"
    # Nobody holds a right one back: those before it were.
    assert again.seconds < max(each.seconds for each in answers)


def test_checks_do_not_use_up_a_persons_guesses(lab: Lab, password: str, forgotten: None) -> None:
    outputs = {"domain": DOMAIN, "names": [DOMAIN], "users": ["ann"]}
    target = Target(
        "lab",
        outputs,
        Address(lab.address),
        lab.folder / "ca.pem",
        password=lambda user: password,
    )
    for _ in range(12):
        found = check_wrong_password(target)
        assert (found.result, found.evidence) == (
            "PASS",
            "sign-in of ann with a wrong password → 403",
        )
    assert asyncio.run(attempt(lab, "ann", password)).status == 302


# What begins so is its form's, for RStudio Server; and what may become so on the way.
DETOURS = (
    *("auth-do-sign-in/", "auth-do-sign-in-2", "auth-do-sign-in?x=/", "auth-do-sign-in/../x"),
    *("/auth-do-sign-in", "./auth-do-sign-in", "x/../auth-do-sign-in", "AUTH-DO-SIGN-IN"),
    *(
        "%61uth-do-sign-in",
        "auth%2ddo-sign-in",
        "%2fauth-do-sign-in",
        "..%2frstudio/auth-do-sign-in",
    ),
    *(";/auth-do-sign-in", "%5cauth-do-sign-in", "%2561uth-do-sign-in"),
)


def test_no_detour_leads_a_wrong_password_to_rstudio_itself(
    lab: Lab, password: str, forgotten: None
) -> None:
    journal = lab.journal("rstudio-server")
    curl = (
        f"curl -sk --path-as-is --resolve {DOMAIN}:443:{lab.address} -b /tmp/jar -c /tmp/jar "
        "-o /dev/null -w '%{http_code}\n'"
    )
    token = "$(grep -oP 'rs-csrf-token\\t\\K.*' /tmp/jar)"
    fields = f'--data "username=ann&password=wrong&rs-csrf-token={token}"'
    tries = [
        f"{curl} -X {method} {fields} '{RSTUDIO}/{detour}'"
        for detour in DETOURS
        for method in ("POST", "GET", "PUT")
    ]
    said = lab.run("; ".join([f"{curl} {RSTUDIO}/auth-sign-in", *tries]))
    assert said.split()[0] == "200"
    assert "auth-do-sign-in" in lab.run(f"curl -s -X POST 127.0.0.1:787/auth-do-sign-in; {journal}")
    assert "sign-in refused" not in lab.run(journal)
    lab.run("rm /tmp/jar")


@FORMS
def test_a_form_of_a_hundred_megabytes_is_refused(lab: Lab, form: Form) -> None:
    send = f"curl -sk --http1.1 --resolve {DOMAIN}:443:127.0.0.1 --data-binary @-"
    ask = f"{send} -o /dev/null -w '%{{http_code}} %{{size_upload}}' https://{DOMAIN}{form.target}"
    status, sent = lab.run(f"head -c 100M /dev/zero | {ask}").split()
    # By the web server, or by the hub, which is told first how much is to come, and hangs up.
    assert status in ("413", "400", "502")
    assert int(sent) < 10_000_000


def test_people_cannot_fill_the_hub_at_its_socket_either(lab: Lab) -> None:
    send = (
        "import json, socket\n"
        "hub = socket.socket(socket.AF_UNIX)\n"
        "hub.connect('/run/jupyterhub/hub.sock')\n"
        "hub.sendall(b'POST /jupyter/hub/api/users/ann/activity HTTP/1.1\\r\\nHost: x\\r\\n'\n"
        "            b'Content-Length: 50000000\\r\\n\\r\\n')\n"
        "print(json.dumps(hub.recv(100).decode()))\n"
    )
    answer = json.loads(lab.run("runuser -u ann -- python3 -", stdin=send))
    assert answer.startswith("HTTP/1.1 400")


def test_ssh_answers_a_name_without_an_account_as_one_with(lab: Lab) -> None:
    ask = (
        "rm -f /tmp/strange*; ssh-keygen -q -t ed25519 -N '' -f /tmp/strange; "
        "for user in ann bea root; do ssh -v -o BatchMode=yes -o StrictHostKeyChecking=no "
        "-o UserKnownHostsFile=/dev/null -o IdentitiesOnly=yes -i /tmp/strange "
        '$user@127.0.0.1 true 2>&1 | grep -E "can continue|denied" | sed "s/$user/NAME/g"; '
        "echo =; done; rm -f /tmp/strange*"
    )
    ann, bea, root = lab.run(ask).split("=")[:3]
    assert "Permission denied (publickey)" in ann
    assert ann.split() == bea.split() == root.split()


def test_connections_that_nobody_signs_in_on_do_not_keep_others_out(lab: Lab) -> None:
    # One visitor holds as many as they can get; another one gets in.
    hold = (
        "import socket, sys\n"
        "held = []\n"
        "for _ in range(120):\n"
        "    s = socket.create_connection(('127.0.0.1', 22))\n"
        "    s.settimeout(10)\n"
        "    try:\n"
        "        if s.recv(3) == b'SSH': held.append(s)\n"
        "    except OSError: pass\n"
        "print(len(held), flush=True)\n"
        "other = socket.create_connection(('127.0.0.1', 22), source_address=('127.0.0.9', 0))\n"
        "other.settimeout(10)\n"
        "print(other.recv(3))\n"
    )
    held, other = lab.run("python3 -", stdin=hold).splitlines()
    assert int(held) <= 20
    assert other == "b'SSH'"


WEAK = ("password", "aaaaaaaa", "Summer2026!", "Penguin-lab-1", "ann-ann-2026")


@pytest.mark.parametrize("weak", WEAK)
def test_an_easy_password_is_refused_in_a_sentence(lab: Lab, weak: str) -> None:
    before = lab.run("getent shadow ann")
    said = lab.run("workbench-passwd ann 2>&1", stdin=f"{weak}\n", code=4)
    assert said.startswith("The password is too easy to guess: it is ")
    assert "Choose a longer one" in said
    assert lab.run("getent shadow ann") == before


def test_passwd_typed_by_the_person_obeys_the_same_rule(lab: Lab, password: str) -> None:
    before = lab.run("getent shadow ann")
    type_at_passwd = (
        "import os, pty, sys\n"
        "process, terminal = pty.fork()\n"
        "if not process: os.execvp('runuser', ['runuser', '-u', 'ann', '--', 'passwd'])\n"
        "said, answers = b'', sys.argv[1:]\n"
        "while True:\n"
        "    try: said += os.read(terminal, 4096)\n"
        "    except OSError: break\n"
        "    if answers and said.rstrip().endswith(b'password:'):\n"
        "        os.write(terminal, answers.pop(0).encode() + b'\\n'); said += b'\\n.'\n"
        "print(said.decode(), os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]))\n"
    )

    def answer(*typed: str) -> str:
        words = " ".join(f"'{word}'" for word in typed)
        return lab.run(f'python3 -c "$(cat)" {words}', stdin=type_at_passwd)

    said = answer(password, *WEAK[:3])
    assert "Weak password" in said
    assert "password unchanged" in said
    assert lab.run("getent shadow ann") == before
    assert "updated successfully" in answer(password, "Blue-whales-sing-97", "Blue-whales-sing-97")
    assert lab.run("getent shadow ann") != before
    lab.run("workbench-passwd ann", stdin=f"{password}\n")
