"""What people run outside of their slices: put it in, or take it away. Standard library only.

RStudio Server starts R sessions as its own children, and cron, at and sshd do so where PAM could
not give a job its session.
"""

import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from .cgroups import PEOPLE
from .cgroups import Cgroups
from .processes import processes
from .register import FIRST_ID
from .register import LAST_ID

# Not every unit: an administrator's own service of a person's is where it belongs.
UNITS = tuple(
    f"{slice_}/{unit}.service"
    for slice_ in ("system.slice", PEOPLE)
    for unit in ("rstudio-server", "cron", "atd", "ssh", "jupyterhub")
)
SHARED_MEMORY = Path("/dev/shm")  # noqa: S108
SEGMENTS = Path("/proc/sysvipc/shm")
MANAGER = ("org.freedesktop.systemd1", "/org/freedesktop/systemd1")


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


def remove_shared_memory() -> None:
    """Remove what people who have no process any more left in memory: nothing else would."""
    owners = {process.uid for process in processes()}
    for uid, path in _files():
        if _is_persons(uid) and uid not in owners:
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)
    for uid, segment in _segments():
        if _is_persons(uid) and uid not in owners:
            subprocess.run(["ipcrm", "-m", segment], stderr=subprocess.DEVNULL, check=False)


def _files() -> Iterator[tuple[int, Path]]:
    for path in SHARED_MEMORY.iterdir():
        with contextlib.suppress(OSError):
            yield path.lstat().st_uid, path


def _segments() -> Iterator[tuple[int, str]]:
    head, *rows = (line.split() for line in SEGMENTS.read_text().splitlines())
    for row in rows:
        values = dict(zip(head, row, strict=False))
        yield int(values["uid"]), values["shmid"]


def bound_shared_memory(most: int) -> None:
    """Keep ``/dev/shm``, which outlives who filled it, below a size in bytes."""
    state = os.statvfs(SHARED_MEMORY)
    if state.f_blocks * state.f_frsize > most:
        subprocess.run(["mount", "-o", f"remount,size={most}", str(SHARED_MEMORY)], check=False)


def _is_persons(uid: int) -> bool:
    return FIRST_ID <= uid <= LAST_ID
