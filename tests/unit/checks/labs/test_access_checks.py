"""Signing in, in lab 2: the right thing passes, and what only looks like it doesn't."""

import base64
import os

import pytest

from workbench.checks.labs import access
from workbench.checks.target import Address
from workbench.checks.target import Answer
from workbench.checks.target import HostKeys
from workbench.checks.target import Target
from workbench.tasks.ssh.key_files import make_key_pair

KEY = base64.b64encode(b"the server's").decode()
OTHER = base64.b64encode(b"another server's").decode()
PERSON = "test-user:x:1001:1001:,,,:/home/test-user:/bin/bash\n"
PLACE = "/home/test-user/.ssh"
FILE = f"{PLACE}/authorized_keys"


class Server:
    """A server that answers what it is told to."""

    def __init__(self, **changed: str) -> None:
        self.answers = {
            "getent": PERSON,
            "stat -c %U": "test-user\n",
            "passwd -S": "test-user P 11/30/2026 0 99999 7 -1\n",
            "id -nG": "test-user sudo users\n",
            "-l -U": "User test-user may run the following commands:\n    (ALL : ALL) ALL\n",
            "'%a %U'": "700 test-user\n600 test-user\n",
            "cat /etc/machine-id": "abc\n",
        } | {key.replace("_", " "): value for key, value in changed.items()}

    def run(self, command: str, *, stdin: str = "", limit: float = 60) -> Answer:
        for words, answer in self.answers.items():
            if words in command:
                return Answer(0 if answer else 1, answer)
        return Answer(1, "")


def told(check, server=None, **target):
    outcome = check(Target("labs", server=lambda: server or Server(), **target))
    return f"{outcome.result}: {outcome.evidence}"


@pytest.mark.parametrize(
    ("known", "console", "said"),
    [
        (
            [KEY],
            [KEY],
            "PASS: ssh-ed25519 SHA256:kRKEJ89RCM/npBGXTWpxnRATlI8V4uilewkocmNH1CE, as the"
            " console shows it",
        ),
        ([], [KEY], "FAIL: this computer's known_hosts has no key of 127.0.1.1"),
        (
            [OTHER],
            [KEY],
            "FAIL: known_hosts has another ssh-ed25519 key for 127.0.1.1 than the "
            "server's console shows: SHA256:S0n7JlwfgXuWQibzU1TLg2WVhesru6rGholQMuldIHY",
        ),
        ([KEY], [], "FAIL: the server's console shows no host keys yet"),
    ],
)
def test_a_server_is_known_by_the_key_that_its_console_shows(known, console, said):
    keys = HostKeys(*(tuple(("ssh-ed25519", key) for key in each) for each in (known, console)))

    found = told(access.check_known_host, host_keys=lambda: keys, address=Address("127.0.1.1"))
    assert found == said


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({}, "PASS: test-user, user id 1001, home /home/test-user, with a password"),
        ({"getent": ""}, "FAIL: the server has no account test-user"),
        (
            {"getent": PERSON.replace("1001", "1000", 1)},
            "PASS: test-user, user id 1000, home /home/test-user, with a password",
        ),
        (
            {"getent": PERSON.replace("1001", "999", 1)},
            "FAIL: test-user has the user id 999, which is reserved for system accounts",
        ),
        ({"stat -c %U": "root\n"}, "FAIL: /home/test-user, the home of test-user, belongs to root"),
        ({"stat -c %U": ""}, "FAIL: /home/test-user, the home of test-user, isn't there"),
        ({"passwd -S": "test-user L 11/30/2026\n"}, "FAIL: test-user has no password"),
        ({"passwd -S": "test-user NP 11/30/2026\n"}, "FAIL: test-user has no password"),
    ],
)
def test_an_account_is_a_persons_with_home_and_password(changed, said):
    assert told(access.check_user, Server(**changed)) == said


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({}, "PASS: test-user is in the group sudo, which asks for the password"),
        (
            {"id -nG": "test-user users\n"},
            "FAIL: test-user isn't in the group sudo, but in: test-user, users",
        ),
        (
            {"-l -U": "    (ALL : ALL) ALL\n    (ALL) NOPASSWD: ALL\n"},
            "FAIL: sudo doesn't ask test-user for a password, because of a file in /etc/sudoers.d",
        ),
        (
            {"-l -U": "User test-user is not allowed to run sudo\n"},
            "FAIL: test-user is in the group sudo, but still can't use sudo",
        ),
    ],
)
def test_sudo_is_by_the_group_and_asks_for_the_password(changed, said):
    assert told(access.check_sudo, Server(**changed)) == said


@pytest.mark.parametrize(
    ("modes", "keys", "said"),
    [
        ("700 test-user\n600 test-user\n", "mine", f"PASS: {FILE} has your key, mode 600"),
        (
            "700 test-user\n600 root\n",
            "mine",
            f"FAIL: {FILE} has the mode 600 and the owner root, not 600 test-user",
        ),
        (
            "755 test-user\n600 test-user\n",
            "mine",
            f"FAIL: {PLACE} has the mode 755 and the owner test-user, not 700 test-user",
        ),
        (
            "700 test-user\n666 test-user\n",
            "mine",
            f"FAIL: {FILE} has the mode 666 and the owner test-user, not 600 test-user",
        ),
        ("", "mine", f"FAIL: there is no {FILE} on the server"),
        (
            "700 test-user\n600 test-user\n",
            "other",
            f"FAIL: {FILE} doesn't have the key in TMP/id_ed25519.pub",
        ),
    ],
)
def test_the_account_takes_your_key_from_files_of_its_own(tmp_path, modes, keys, said):
    mine = make_key_pair(tmp_path / "id_ed25519", "me")
    # What is said of a key, in any encoding, is no part of it.
    (tmp_path / "id_ed25519.pub").write_bytes(mine.replace(" me", " m\u00fc").encode("latin-1"))
    other = make_key_pair(tmp_path / "other", "other")
    listed = {"mine": mine, "other": other}[keys]
    server = Server(**{"'%a %U'": modes, f"cat {PLACE}": listed})

    found = told(access.check_authorized, server, ssh_folder=tmp_path)
    assert found == said.replace("TMP", str(tmp_path))


@pytest.mark.parametrize(
    ("options", "answer", "said"),
    [
        (
            "identityfile ~/.ssh/id_ed25519\n",
            (0, "test-user\nabc\n", ""),
            "PASS: `ssh do4ds-lab` signs in as test-user",
        ),
        (
            "identityfile ~/do4ds-lab-key.pem\n",
            (0, "test-user\nabc\n", ""),
            "FAIL: `ssh do4ds-lab` uses do4ds-lab-key.pem, not your own key",
        ),
        ("", (0, "admin\nabc\n", ""), "FAIL: `ssh do4ds-lab` signs in as admin, not as test-user"),
        (
            "",
            (0, "test-user\nother\n", ""),
            "FAIL: `ssh do4ds-lab` signs in to a computer other than the lab's server",
        ),
        (
            "",
            (255, "", "warning\nssh: Could not resolve hostname do4ds-lab\n"),
            "FAIL: `ssh do4ds-lab` doesn't sign in: ssh: Could not resolve hostname do4ds-lab",
        ),
        ("", (255, "", ""), "FAIL: `ssh do4ds-lab` doesn't sign in: no reason given"),
    ],
)
def test_the_short_name_signs_you_in_on_this_server(monkeypatch, options, answer, said):
    typed = []

    def ssh(*words: str) -> Answer:
        typed.append(" ".join(words))
        return Answer(0, options) if words[0] == "-G" else Answer(*answer)

    monkeypatch.setattr(access, "_ssh", ssh)

    assert told(access.check_alias) == said
    strict = "-o BatchMode=yes -o StrictHostKeyChecking=yes"
    asked = ["-G do4ds-lab", f"{strict} do4ds-lab id -un; cat /etc/machine-id"]
    assert typed == (asked[:1] if "not your own key" in said else asked)


SSH = """#!/bin/sh
# What it is given to read ends at once.
cat
echo "$*" >> "$0.log"
echo test-user
echo abc
"""


def test_it_is_your_own_ssh_that_is_asked(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    ssh = tmp_path / "ssh"
    ssh.write_text(SSH)
    ssh.chmod(0o700)
    assert told(access.check_alias) == "PASS: `ssh do4ds-lab` signs in as test-user"
    limited = f"-o ConnectTimeout={access.TIMEOUT} "
    asked = (tmp_path / "ssh.log").read_text().splitlines()
    assert all(line.startswith(limited) for line in asked)
    ssh.write_text("#!/bin/sh\necho no way >&2\nexit 255\n")
    assert told(access.check_alias) == "FAIL: `ssh do4ds-lab` doesn't sign in: no way"


def test_a_computer_without_ssh_is_told(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    said = "FAIL: `ssh do4ds-lab` doesn't sign in: [Errno 2] No such file or directory: 'ssh'"
    assert told(access.check_alias) == said
