"""Understand the engine's lock on a stack: whose it is, and whether its holder still lives."""

import os
import re
import socket
from dataclasses import dataclass
from pathlib import Path

from workbench.engine.failures import StackLockedError

# "created by ana@laptop (pid 4711) at 2026-05-04T10:00:00Z", from the DIY backend.
_HOLDER = re.compile(
    r"created by (?P<user>[^@\s]*)@(?P<host>\S+) \(pid (?P<pid>\d+)\) at (?P<time>\S+)"
)


@dataclass(frozen=True)
class LockHolder:
    """The process that locked a stack."""

    user: str
    host: str
    pid: int
    time: str

    @property
    def is_gone(self) -> bool:
        """Whether it is known to have ended: it was on this computer and isn't any more."""
        return self.host == socket.gethostname() and not _runs(self.pid)


def lock_holders(stderr: str) -> list[LockHolder]:
    """Return the holders that the engine's message names."""
    return [
        LockHolder(each["user"], each["host"], int(each["pid"]), each["time"])
        for each in _HOLDER.finditer(stderr)
    ]


def locked_error(stack: str, holders: list[LockHolder]) -> StackLockedError:
    """Return the error for a stack that another update holds."""
    who = ", ".join(f"process {each.pid} on {each.host} since {each.time}" for each in holders)
    return StackLockedError(
        f"Another update of the stack {stack} is running ({who or 'elsewhere'}).",
        "Wait until it has ended. If you know that it isn't running any more, type"
        f" `pulumi cancel {stack}` and run this command again.",
    )


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return not _has_ended(pid)


def _has_ended(pid: int) -> bool:
    """Whether it has ended, and nobody took note: in a container without an init, nobody does."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
    except OSError:
        return False
    # The program's name, in brackets, may hold anything.
    return stat.rpartition(")")[2].split()[0] in "ZX"
