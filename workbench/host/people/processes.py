"""What people have running on the server, as the kernel tells it. Standard library only."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")
# In systemd's own hierarchy, in either version of cgroups.
_SLICE = re.compile(r"^(?:0:|\d+:name=systemd):/user\.slice/user-(\d+)\.slice/", re.MULTILINE)


@dataclass(frozen=True)
class Process:
    """A process: whose it is, and the groups it holds, which may be more than they have now.

    ``slice`` is the uid of the person in whose slice it is, whoever it runs as: with sudo, in a
    container.
    """

    pid: int
    uid: int
    groups: frozenset[int]
    slice: int | None = None

    def is_of(self, uid: int) -> bool:
        """Say whether it is a person's, by its uid or by where it came from."""
        return uid in (self.uid, self.slice)


def processes(proc: Path = PROC) -> Iterator[Process]:
    """Give every process that is alive."""
    for folder in proc.iterdir():
        if not folder.name.isdigit():
            continue
        try:
            process = _read(folder)
        except (FileNotFoundError, ProcessLookupError):
            # It ended meanwhile.
            continue
        if process:
            yield process


def _read(folder: Path) -> Process | None:
    lines = (folder / "status").read_text(errors="replace").splitlines()
    status = dict(line.split(":\t", 1) for line in lines if ":\t" in line)
    # A zombie is nobody's work any more.
    if status["State"].startswith(("Z", "X")):
        return None
    return Process(
        pid=int(folder.name),
        uid=int(status["Uid"].split()[0]),
        groups=frozenset(int(number) for number in status["Groups"].split()),
        slice=_slice(folder),
    )


def _slice(folder: Path) -> int | None:
    match = _SLICE.search((folder / "cgroup").read_text(errors="replace"))
    return int(match[1]) if match else None
