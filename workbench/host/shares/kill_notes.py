"""Tell a person which of their programs was ended for lack of memory: a note, and their terminals.

The writer runs as that person (``python3 -m workbench.host.shares.kill_notes``, the note on
standard input): what is in their home and at their terminals is theirs, and root must not follow a
link there. Standard library only.
"""

import contextlib
import json
import os
import pwd
import stat
import subprocess
import sys
import time
from dataclasses import asdict
from dataclasses import dataclass
from pathlib import Path

from workbench.host import places
from workbench.host.shares.shares import MIB
from workbench.host.shares.shares import Shares

NOTE = "ENDED-FOR-MEMORY.txt"
RECORD = places.STATE / "kills.jsonl"
KEPT = 200
LARGEST_NOTE = 64 * 1024
# For the writer to end.
SECONDS = 10
GIB = 1024 * MIB


@dataclass(frozen=True)
class Kill:
    """A program that was ended: whose, what, how much memory it had, and for whose limit.

    ``memory`` is in bytes, 0 where it isn't known; ``cause`` is "person" (their own limit) or
    "server" (everyone's together).
    """

    time: float
    user: str
    name: str
    memory: int
    cause: str


def note(kill: Kill, limits: Shares) -> str:
    """Return what the person reads."""
    when = time.strftime("%Y-%m-%d %H:%M:%S %Z", time.localtime(kill.time))
    had = f", which had {size(kill.memory)} of memory," if kill.memory else ""
    name = f"'{printable(kill.name)}'" if kill.name else "One of your programs"
    if kill.cause == "person":
        why = f"All you run may use {size(limits.person_memory)} together, and needed more."
    else:
        why = "Everyone's programs together needed more memory than this server has."
    larger = -(-limits.memory * 2 // GIB)
    return (
        f"{when}: {name}{had} was ended. {why}\n"
        "What helps: close notebooks you don't need (Kernel > Shut Down), load less at once, or ask"
        f" an administrator for a server with {larger} GiB of memory (workbench resize).\n"
    )


def size(number: int) -> str:
    """Return a number of bytes as people say it."""
    return f"{number / GIB:.1f} GiB" if number >= GIB else f"{number // MIB} MiB"


def printable(text: str) -> str:
    """Return a name that a person chose, as text that does nothing to a terminal."""
    return "".join(letter if letter.isascii() and letter.isprintable() else "?" for letter in text)


def tell(kill: Kill, limits: Shares) -> subprocess.Popen[str] | None:
    """Begin to write the note as the person, and to show it at their terminals.

    In a unit of the person's own slice, and not waited for: they can hold it up, and reach into it.
    """
    try:
        entry = pwd.getpwnam(kill.user)
    except KeyError:
        return None
    writer = subprocess.Popen(
        [
            *("systemd-run", "--quiet", "--collect", "--pipe", "--service-type=exec"),
            *(f"--uid={entry.pw_uid}", f"--gid={entry.pw_gid}"),
            *(f"--slice=user-{entry.pw_uid}.slice", f"--property=RuntimeMaxSec={SECONDS}"),
            f"--setenv=PYTHONPATH={places.ROOT}",
            *(sys.executable, "-m", __name__),
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    with contextlib.suppress(OSError):
        # Less than a pipe holds.
        if writer.stdin:
            writer.stdin.write(note(kill, limits))
            writer.stdin.close()
    return writer


def record(kill: Kill, path: Path = RECORD) -> None:
    """Remember it for the administrators' checks."""
    lines = path.read_text().splitlines()[-KEPT + 1 :] if path.exists() else []
    new = path.with_suffix(".new")
    new.write_text("\n".join([*lines, json.dumps(asdict(kill))]) + "\n")
    new.replace(path)


def write(text: str, home: Path, terminals: Path = Path("/dev/pts")) -> None:
    """Add to the note in a home, and write to the terminals of whoever runs this."""
    with contextlib.suppress(OSError):
        _add(home / NOTE, text)
    for terminal in terminals.glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if terminal.stat().st_uid == os.getuid():
                # Nobody reads from a terminal that was stopped (Ctrl-S): not waited for.
                descriptor = os.open(terminal, os.O_WRONLY | os.O_NONBLOCK | os.O_NOCTTY)
                with open(descriptor, "w") as file:
                    file.write("\r\n" + text.replace("\n", "\r\n"))


def _add(path: Path, text: str) -> None:
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK
    descriptor = os.open(path, flags, 0o600)
    with open(descriptor, "a") as file:
        state = os.fstat(descriptor)
        if stat.S_ISREG(state.st_mode):
            if state.st_size > LARGEST_NOTE:
                os.ftruncate(descriptor, 0)
            file.write(text)


if __name__ == "__main__":
    write(sys.stdin.read(LARGEST_NOTE), Path(pwd.getpwuid(os.getuid()).pw_dir))
