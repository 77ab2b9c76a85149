"""What people have running on the server, as the kernel tells it. Standard library only."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")
# By the control group that a process is in; the first that fits is what it is of.
SERVICES = {
    "JupyterHub": re.compile(r"/jupyter-[^/]+-singleuser\.service"),
    "RStudio": re.compile(r"/rstudio-server\.service"),
    "SSH": re.compile(r"/session-[^/]+\.scope"),
}


@dataclass(frozen=True)
class Process:
    """A process: whose it is, the groups it holds, and the control groups it is in."""

    pid: int
    uid: int
    groups: frozenset[int]
    control_groups: str

    @property
    def service(self) -> str | None:
        """By which service it was started; None for what no session holds."""
        return next((name for name, of in SERVICES.items() if of.search(self.control_groups)), None)


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
        control_groups=(folder / "cgroup").read_text(),
    )
