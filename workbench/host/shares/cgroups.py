"""People's slices as the kernel has them, in either version of cgroups. Standard library only."""

import contextlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from workbench.host.shares.generator import CGROUPS

PEOPLE = "user.slice"
PERSON = re.compile(r"user-(\d+)\.slice")
PAGE = 4096
# A cgroup without a limit: "max", or on version 1 the largest number of pages.
UNLIMITED = 1 << 62
MOST_GROUPS = 1000


@dataclass(frozen=True)
class Process:
    """A process: its name, and the memory it has in RAM, in bytes."""

    pid: int
    name: str
    memory: int


class Cgroups:
    """The files of the cgroups below a folder."""

    def __init__(self, root: Path = CGROUPS, proc: Path = Path("/proc")) -> None:
        self.proc = proc
        self.is_unified = (root / "cgroup.controllers").exists()
        self.memory = root if self.is_unified else root / "memory"
        self.pids = root if self.is_unified else root / "pids"
        self.cpu = root if self.is_unified else root / "cpu"
        self.units = root if self.is_unified else root / "systemd"

    def people(self) -> list[int]:
        """Return the uids of the people who have something running."""
        names = (path.name for path in (self.units / PEOPLE).glob("user-*.slice"))
        return sorted(int(found[1]) for name in names if (found := PERSON.fullmatch(name)))

    def used(self, slice_: str) -> int:
        """Return the memory that a slice needs, in bytes: what is only cached isn't counted."""
        current = "memory.current" if self.is_unified else "memory.usage_in_bytes"
        prefix = "" if self.is_unified else "total_"
        folder = self.memory / slice_
        stat = dict(line.split() for line in _read(folder / "memory.stat").splitlines())
        cached = sum(int(stat.get(f"{prefix}{kind}_file", 0)) for kind in ("active", "inactive"))
        return max(0, int(_read(folder / current) or 0) - cached)

    def memory_limit(self, slice_: str) -> int:
        """Return the most memory that a slice may have, in bytes."""
        name = "memory.max" if self.is_unified else "memory.limit_in_bytes"
        return _number(self.memory / slice_ / name)

    def limit_memory(self, slice_: str, limit: int) -> None:
        """Set the most memory that a slice may have; what it has already stays."""
        name = "memory.max" if self.is_unified else "memory.limit_in_bytes"
        with contextlib.suppress(OSError):
            (self.memory / slice_ / name).write_text(str(limit))

    def limit_groups(self, slice_: str) -> None:
        """Bound how many groups a person makes below their slice: all of them are looked at."""
        with contextlib.suppress(OSError):
            (self.units / slice_ / "cgroup.max.descendants").write_text(str(MOST_GROUPS))

    def tasks(self, slice_: str) -> tuple[int, int]:
        """Return how many tasks a slice has, and may have."""
        folder = self.pids / slice_
        return int(_read(folder / "pids.current") or 0), _number(folder / "pids.max")

    def kills(self, slice_: str) -> dict[str, int]:
        """Return how many processes the kernel ended for lack of memory, by cgroup."""
        if self.is_unified:
            return {slice_: _counter(self.memory / slice_ / "memory.events")}
        # Version 1 counts where the process was, and not in the groups above.
        folders = _tree(self.memory / slice_)
        return {str(folder): _counter(folder / "memory.oom_control") for folder in folders}

    def processes(self, unit: str) -> list[int]:
        """Return the processes of a unit, or of all units in a slice."""
        found: list[int] = []
        for folder in _tree(self.units / unit):
            found += map(int, _read(folder / "cgroup.procs").split())
        return found

    def largest(self, slice_: str) -> list[Process]:
        """Return a slice's processes, the one with the most memory first."""
        found = []
        for pid in self.processes(slice_):
            words = _read(self.proc / str(pid) / "statm").split()
            name = _read(self.proc / str(pid) / "comm").strip()
            if len(words) > 1 and int(words[1]):
                found.append(Process(pid, name, int(words[1]) * PAGE))
        return sorted(found, key=lambda process: process.memory, reverse=True)

    def has(self, slice_: str, pid: int) -> bool:
        """Say whether a process is in a slice."""
        return f"/{slice_}/" in _read(self.proc / str(pid) / "cgroup")


def person(uid: int) -> str:
    """Return the slice of everything that a person runs."""
    return f"{PEOPLE}/user-{uid}.slice"


def _tree(folder: Path) -> Iterator[Path]:
    yield folder
    try:
        below = [path for path in folder.iterdir() if path.is_dir()]
    except OSError:
        return
    for path in below:
        yield from _tree(path)


def _counter(path: Path) -> int:
    values = dict(line.split() for line in _read(path).splitlines())
    return int(values.get("oom_kill", 0))


def _number(path: Path) -> int:
    text = _read(path).strip()
    return min(int(text), UNLIMITED) if text.isdigit() else UNLIMITED


def _read(path: Path) -> str:
    """Return a file's text; nothing where what it describes has ended meanwhile."""
    try:
        return path.read_text(errors="replace")
    except OSError:
        return ""
