"""What people on the server name so as to act on the administrator's terminal is shown as text."""

import shlex
from collections.abc import Iterator

import pytest
from bench import BIN
from bench import ROOT
from bench import Bench
from terminal import Terminal

NAME = "\x1b]0;PWN\x07\x1b[35mX"
COMMENT = f"{NAME}\u202e[blink]m[/blink]"
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKvZ0BbVVWjMtvW1ZPmcO9IBVcRJ6GX0Mi4k3m6nRm1"
PROGRAM = "/usr/local/bin/x"
# A process is called what it calls itself (prctl, PR_SET_NAME).
SLEEPER = f"""
import ctypes, time
ctypes.CDLL(None).prctl(15, {NAME[:15].encode()!r})
time.sleep(900)
"""
COMMANDS = (
    ("users.list",),
    ("users.keys.list", "test-user"),
    ("users.remove", "test-user", "--dry-run"),
    ("status",),
    ("stop", "--dry-run"),
    ("resize", "t3.large", "--dry-run"),
    ("check",),
)


@pytest.fixture
def named(bench: Bench) -> Iterator[Bench]:
    """Give a workbench where a person named a process, a key and a program so."""
    person = "sudo runuser -u test-user --"
    sleeper = f"{person} setsid -f python3 -c {shlex.quote(SLEEPER)} > /dev/null 2>&1 < /dev/null"
    bench.server(sleeper)
    line = shlex.quote(f"{KEY} {COMMENT}")
    keys = "/home/test-user/.ssh/authorized_keys"
    bench.server(f"{person} sh -c {shlex.quote(f'echo {line} >> {keys}')}")
    program = shlex.quote(PROGRAM + NAME)
    bench.server(f"sudo cp /bin/true {program} && sudo chmod 4755 {program}")
    yield bench
    bench.server(f"sudo rm {program}", exit_code=None)
    bench.server(f"{person} sed -i /{KEY.split()[1][-20:]}/d {keys}")
    bench.server("sudo pkill -u test-user -f '[c]types.CDLL'", exit_code=None)


def test_names_do_not_act_on_the_terminal(named: Bench) -> None:
    for command in COMMANDS:
        terminal = Terminal([str(BIN / "workbench"), *command], named.env, ROOT)
        terminal.end()
        # The list has their number only.
        assert "PWN" in terminal.raw or command == ("users.list",), f"{command}: {terminal.raw}"
        for sign in ("\x1b]", "\x07", "\x1b[35m", "\x1b[5m", "\u202e"):
            assert sign not in terminal.raw, f"{command}: {terminal.raw!r}"
