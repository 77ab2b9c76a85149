"""A visitor who guesses passwords keeps nobody out, and learns nothing of who has an account."""

import asyncio
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

PASSWORD = "Penguins-on-ice-42"
LOGIN = f"https://{DOMAIN}/jupyter/hub/login"
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


async def attempt(
    lab: Lab, user: str, password: str, cookies: dict[str, str] | None = None, **headers: str
) -> Answer:
    tls = ssl.create_default_context(cafile=str(lab.folder / "ca.pem"))
    url = f"https://{lab.address}/jupyter/hub/login"
    options = {"extensions": {"sni_hostname": DOMAIN}, "headers": {"Host": DOMAIN, **headers}}
    async with httpx.AsyncClient(verify=tls, timeout=60, cookies=cookies) as http:
        page = await http.get(url, **options)  # type: ignore[arg-type]
        found = re.search(r'name="_xsrf"\s+value="([^"]+)"', page.text)
        assert found, page.text
        data = {"username": user, "password": password, "_xsrf": found[1]}
        begun = time.monotonic()
        answer = await http.post(url, data=data, **options)  # type: ignore[arg-type]
        seconds = time.monotonic() - begun
        error = re.search(r'class="login_error">([^<]*)<', answer.text)
        hidden = answer.text.replace(found[1], "").replace(user, "NAME")
        return Answer(
            answer.status_code,
            error[1] if error else "",
            dict(answer.headers),
            seconds,
            re.sub(r'value="[^"]{20,}"', "", hidden),
            {cookie.name: cookie.value or "" for cookie in http.cookies.jar},
        )


def guess(lab: Lab, user: str, count: int, **headers: str) -> list[Answer]:
    """Try wrong passwords, all at once."""

    async def guesses() -> list[Answer]:
        return await asyncio.gather(
            *(attempt(lab, user, f"wrong-{i}", **headers) for i in range(count))
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
    assert right.seconds < HELD


def test_the_owners_browser_gets_in_while_others_guess_at_the_same_address(
    lab: Lab, password: str, forgotten: None
) -> None:
    cookies = asyncio.run(attempt(lab, "ann", password)).cookies
    # As after signing out.
    browser = {name: value for name, value in cookies.items() if name.startswith("workbench-known")}
    guess(lab, "ann", 15)
    assert asyncio.run(attempt(lab, "ann", password)).status == 429
    assert asyncio.run(attempt(lab, "ann", password, browser)).status == 302
    # The name of somebody else isn't theirs to guess with it.
    guess(lab, "test-user", 15)
    assert asyncio.run(attempt(lab, "test-user", password, browser)).status == 429


def test_a_name_without_an_account_is_answered_as_one_with(
    lab: Lab, password: str, forgotten: None
) -> None:
    known, unknown, closed = (
        asyncio.run(attempt(lab, user, "wrong")) for user in ("ann", "bea", "root")
    )
    own = {"date", "set-cookie", "content-length"}
    for other in (unknown, closed):
        assert (other.status, other.error, other.page) == (known.status, known.error, known.page)
        assert {k: v for k, v in other.headers.items() if k not in own} == {
            k: v for k, v in known.headers.items() if k not in own
        }
    # The work of a password's check doesn't show: all are held to the same moment.
    assert min(each.seconds for each in (known, unknown, closed)) >= HELD


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
