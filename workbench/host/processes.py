"""What people have running on the server, as the kernel tells it. Standard library only."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")


@dataclass(frozen=True)
class Process:
    """A process: whose it is, and the groups it holds, which may be more than they have now."""

    pid: int
    uid: int
    groups: frozenset[int]


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
    )
