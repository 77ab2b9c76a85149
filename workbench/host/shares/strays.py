"""What people run outside of their slices: put it in, or take it away. Standard library only.

RStudio Server starts R sessions as its own children, and cron, at and sshd do so where PAM could
not give a job its session.
"""

import contextlib
import os
import shutil
import subprocess
import time
from collections.abc import Collection
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from workbench.host.people.processes import processes
from workbench.host.people.register import FIRST_ID
from workbench.host.people.register import LAST_ID
from workbench.host.shares.cgroups import PEOPLE
from workbench.host.shares.cgroups import Cgroups

# Not every unit: an administrator's own service of a person's is where it belongs.
UNITS = tuple(
    f"{slice_}/{unit}.service"
    for slice_ in ("system.slice", PEOPLE)
    for unit in ("rstudio-server", "cron", "atd", "ssh", "jupyterhub", "workbench-converge")
)
# All are looked at, again and again.
MOST_FILES = 50_000
# What someone made who has only just come isn't left behind.
NEW_SECONDS = 60.0
SHARED_MEMORY = Path("/dev/shm")  # noqa: S108
SEGMENTS = Path("/proc/sysvipc/shm")
MANAGER = ("org.freedesktop.systemd1", "/org/freedesktop/systemd1")


@dataclass(frozen=True)
class Piece:
    """A file or a segment of shared memory: its name, whose it is, and when it last changed."""

    name: str
    uid: int
    changed: float


class Strays:
    """Those seen before: a process that is only on its way to its slice is left alone."""

    def __init__(self, groups: Cgroups) -> None:
        self._groups = groups
        self._seen: set[int] = set()

    def move(self) -> None:
        """Move what was outside of its person's slice at the last look, too."""
        found = {pid for unit in UNITS for pid in self._groups.processes(unit)}
        theirs = {pid: uid for pid in found if _is_persons(uid := owner(pid))}
        for pid in theirs.keys() & self._seen:
            move(pid, theirs[pid])
        self._seen = set(theirs)


def owner(pid: int) -> int:
    """Return a process's real uid; -1 for one that has ended."""
    with contextlib.suppress(OSError, IndexError):
        lines = Path(f"/proc/{pid}/status").read_text(errors="replace").splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("Uid:"))
    return -1


def move(pid: int, uid: int) -> None:
    """Put a process into a scope of its own in a person's slice."""
    properties = [
        ["PIDs", "au", "1", str(pid)],
        ["Slice", "s", f"user-{uid}.slice"],
        # Ended before the homes are taken away.
        ["BindsTo", "as", "1", "workbench-data.service"],
        ["After", "as", "1", "workbench-data.service"],
    ]
    # systemd of before 253 ends no scope for a process that was killed, and doesn't know the word.
    for more in ([["OOMPolicy", "s", "continue"]], []):
        every = [*properties, *more]
        words = [word for each in every for word in each]
        call = [
            *("busctl", "--timeout=5", "call", *MANAGER, f"{MANAGER[0]}.Manager"),
            *("StartTransientUnit", "ssa(sv)a(sa(sv))", f"workbench-{uid}-{pid}.scope", "fail"),
            *(str(len(every)), *words, "0"),
        ]
        done = subprocess.run(
            call,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=False,
        )
        if done.returncode == 0:
            return


def remove_shared_memory(groups: Cgroups) -> None:
    """Remove what people who have no process any more left in memory: nothing else would."""
    running = set(groups.people())
    before = time.time() - NEW_SECONDS
    files = [each for each in _files() if is_left(each, running, before)]
    segments = [each for each in _segments() if is_left(each, running, before)]
    if not files and not segments:
        return
    # Also what runs elsewhere, such as an administrator's service of theirs.
    running |= {process.uid for process in processes()}
    for left in files:
        if is_left(left, running, before):
            if Path(left.name).is_dir() and not Path(left.name).is_symlink():
                shutil.rmtree(left.name, ignore_errors=True)
            else:
                Path(left.name).unlink(missing_ok=True)
    for left in segments:
        if is_left(left, running, before):
            subprocess.run(["ipcrm", "-m", left.name], stderr=subprocess.DEVNULL, check=False)


def is_left(piece: Piece, running: Collection[int], before: float) -> bool:
    """Say whether a piece of memory is a person's who runs nothing, and no new one."""
    return _is_persons(piece.uid) and piece.uid not in running and piece.changed < before


def _files() -> Iterator[Piece]:
    for path in SHARED_MEMORY.iterdir():
        with contextlib.suppress(OSError):
            state = path.lstat()
            yield Piece(str(path), state.st_uid, state.st_ctime)


def _segments() -> Iterator[Piece]:
    head, *rows = (line.split() for line in SEGMENTS.read_text().splitlines())
    for row in rows:
        values = dict(zip(head, row, strict=False))
        last = max(int(values[key]) for key in ("atime", "dtime", "ctime"))
        yield Piece(values["shmid"], int(values["uid"]), last)


def bound_shared_memory(most: int) -> None:
    """Keep ``/dev/shm``, which outlives who filled it, below a size in bytes."""
    state = os.statvfs(SHARED_MEMORY)
    if state.f_blocks * state.f_frsize > most:
        options = f"remount,size={most},nr_inodes={MOST_FILES}"
        subprocess.run(["mount", "-o", options, str(SHARED_MEMORY)], check=False)


def _is_persons(uid: int) -> bool:
    return FIRST_ID <= uid <= LAST_ID
