"""What there is of a rehearsal on this computer, running or left behind, and how to remove it.

All is found by what the rehearsal itself wrote down: labels in Docker, files below its folder, and
its process with the moment it started. Nothing else is touched.
"""

import json
import os
import shutil
import signal
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from workbench.rehearsal.description import boot_id
from workbench.rehearsal.description import process_start
from workbench.rehearsal.description import rehearsal_dir
from workbench.waiting import wait_for

PROCESS_FILE = "process.json"
STATE_FILE = "cloud.state"
LOG_FILE = "process.log"
# Seconds that a killed process may take to be gone.
KILL_LIMIT = 10.0


@dataclass(frozen=True)
class RecordedProcess:
    """The rehearsal's process as it wrote itself down."""

    pid: int
    start: int
    boot: str

    @property
    def alive(self) -> bool:
        """Whether it still runs: the same process, not a later one of its number."""
        return self.boot == boot_id() and process_start(self.pid) == self.start

    def signal(self, number: signal.Signals) -> None:
        """Send a signal, if it still runs."""
        if self.alive:
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def wait(self, limit: float) -> bool:
        """Wait until it is gone, up to ``limit`` seconds; return whether it is."""
        return wait_for(lambda: not self.alive, limit, 0.05)

    def kill(self) -> None:
        """End it at once, and what it started and left behind."""
        children = list(self._session())
        self.signal(signal.SIGKILL)
        self.wait(KILL_LIMIT)
        for child in children:
            child.signal(signal.SIGKILL)
            child.wait(KILL_LIMIT)

    def _session(self) -> Iterator["RecordedProcess"]:
        """Find the processes of its session, which no later process can be in."""
        if self.boot != boot_id():
            return
        for path in Path("/proc").glob("[0-9]*/stat"):
            with suppress(OSError, ValueError):
                fields = path.read_text(encoding="ascii", errors="replace").rpartition(")")[2]
                session, pid = int(fields.split()[3]), int(path.parent.name)
                start = process_start(pid)
                if session == self.pid and pid != self.pid and start and start >= self.start:
                    yield RecordedProcess(pid, start, self.boot)


def write_process(name: str, pid: int, start: int, boot: str) -> None:
    """Write the rehearsal's process down, before it starts anything."""
    content = {"pid": pid, "start": start, "boot": boot}
    (rehearsal_dir(name) / PROCESS_FILE).write_text(json.dumps(content) + "\n", encoding="ascii")


def forget_process(name: str) -> None:
    """Note that the process stopped in order."""
    (rehearsal_dir(name) / PROCESS_FILE).unlink(missing_ok=True)


def was_running(name: str) -> bool:
    """Return whether the process that was written down last did not stop in order."""
    return (rehearsal_dir(name) / PROCESS_FILE).exists()


def recorded_process(name: str) -> RecordedProcess | None:
    """Return the process that was written down last, alive or not."""
    try:
        content = json.loads((rehearsal_dir(name) / PROCESS_FILE).read_text(encoding="ascii"))
        return RecordedProcess(int(content["pid"]), int(content["start"]), str(content["boot"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def recorded_machines(name: str) -> list[str]:
    """Return the instances whose machines the rehearsal has files of."""
    return sorted(path.name for path in (rehearsal_dir(name) / "machines").glob("i-*"))


def recorded_volumes(name: str) -> list[str]:
    """Return the volumes that the rehearsal has files of."""
    return sorted(path.stem for path in (rehearsal_dir(name) / "volumes").glob("vol-*.img"))


def has_state(name: str) -> bool:
    """Return whether the rehearsal's cloud was kept, to continue with."""
    return (rehearsal_dir(name) / STATE_FILE).exists()


def last_lines(name: str, count: int = 12) -> list[str]:
    """Return the end of the process's log."""
    try:
        text = (rehearsal_dir(name) / LOG_FILE).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return []
    return text.splitlines()[-count:]


def remove_files(name: str) -> None:
    """Remove all that the rehearsal kept in files."""
    shutil.rmtree(rehearsal_dir(name), ignore_errors=True)
