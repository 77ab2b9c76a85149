"""How big the data volume's file system is, and how full, as the server says."""

from dataclasses import dataclass

from workbench.errors import WorkbenchError
from workbench.progress import Progress
from workbench.remote.stack_state import StackState

GIB = 1 << 30
DF = "mountpoint -q /data && df --block-size=1 --output=size,used /data"
# What XFS keeps for its log doesn't show as size: 64 MiB, or a 2048th of it, at most 2 GiB.
LOG_AND_ROUNDING, LARGEST_LOG = 0.15, 2


@dataclass(frozen=True)
class FileSystem:
    """A file system's size and use in bytes; ``problem`` says why it can't be known."""

    size: int = 0
    used: int = 0
    problem: str = ""

    def fills(self, gib: int) -> bool:
        """Whether it has all that a volume of so many GiB gives."""
        missing = gib - self.size / GIB
        return not self.problem and missing <= LOG_AND_ROUNDING + min(gib / 1000, LARGEST_LOG)

    def __str__(self) -> str:
        if self.problem:
            return f"Can't tell how full it is: {self.problem}"
        return f"File system: {self.size / GIB:.1f} GiB, {self.used / GIB:.1f} GiB in use"


def read_file_system(state: StackState, progress: Progress) -> FileSystem:
    """Ask the server."""
    with progress.phase("File system"):
        try:
            answer = state.server.run(DF)
        except WorkbenchError as error:
            return FileSystem(problem=error.message)
    if not answer.ok:
        return FileSystem(problem="no data volume is mounted on the server")
    size, used = answer.stdout.splitlines()[1].split()
    return FileSystem(int(size), int(used))
