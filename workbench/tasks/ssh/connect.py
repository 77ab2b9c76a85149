"""A shell or a command on the server, by OpenSSH."""

import sys

from invoke.exceptions import Exit

from workbench.remote.ssh_target import Door
from workbench.remote.ssh_target import OtherHostError
from workbench.remote.ssh_target import UnreachableError
from workbench.tasks.changes.apply import working_on
from workbench.tasks.ssh.client import has_terminal
from workbench.tasks.ssh.client import run_ssh
from workbench.tasks.ssh.door import door_of
from workbench.tasks.ssh.door import pin_host_keys


def connect(stack: str | None, user: str | None, command: str) -> None:
    """Open a shell, or run a command; end as that ends."""
    with working_on(stack, "ssh.connect") as (state, progress):
        door = door_of(state, user)
        pin_host_keys(door, progress)
    # As in a terminal of your own: what asks or draws works, and a script gets clean output.
    options = ["-t"] if command and has_terminal() else []
    words = ["--", command] if command else []
    sys.stdout.flush()
    ended = _run(door, options, words)
    if ended:
        raise Exit("", ended)


def _run(door: Door, options: list[str], words: list[str]) -> int:
    try:
        return run_ssh(door, *options, command=words)
    except (OtherHostError, UnreachableError):
        # Says what AWS says about the reason; or gets in, with the keys that the server has by now.
        door.enter().close()
        return run_ssh(door, *options, command=words)
