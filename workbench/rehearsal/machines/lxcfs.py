"""lxcfs, where it is installed: a machine's own memory, uptime and load in /proc, not the host's.

Without it ``free`` in a machine shows this computer's memory; the limit holds all the same.
"""

import os
import shutil
import signal
import subprocess
from contextlib import suppress
from pathlib import Path

from workbench.waiting import wait_for

# Seconds. It mounts at once, or it can't (no FUSE here), and the machine starts without it.
START_LIMIT = 5.0


def ensure_lxcfs(folder: Path) -> None:
    """Mount lxcfs at ``folder`` unless it is there or can't be had; it outlives this process."""
    folder.mkdir(parents=True, exist_ok=True)
    if _answers(folder) or shutil.which("lxcfs") is None or not Path("/dev/fuse").exists():
        return
    remove_lxcfs(folder)
    folder.mkdir(parents=True, exist_ok=True)
    command = ["lxcfs", "--pidfile", str(_pid_file(folder)), str(folder)]
    # Forked once more, for init to look after: it outlives this process.
    subprocess.run(
        ["setsid", "--fork", *command],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=False,
    )
    wait_for(lambda: _answers(folder), START_LIMIT, 0.02)


def remove_lxcfs(folder: Path) -> None:
    """End the lxcfs that is mounted at ``folder`` and remove the folder; nothing where none is."""
    pid = _pid(folder)
    if pid is not None:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)
        wait_for(lambda: _pid(folder) is None, START_LIMIT, 0.02)
    _pid_file(folder).unlink(missing_ok=True)
    # Killed without a chance to unmount: the mount point answers nothing but this.
    if str(folder) in Path("/proc/self/mounts").read_text(encoding="utf-8"):
        subprocess.run(["umount", "--lazy", str(folder)], capture_output=True, check=False)
    with suppress(OSError):
        folder.rmdir()


def _answers(folder: Path) -> bool:
    try:
        return (folder / "proc/meminfo").is_file()
    except OSError:  # mounted, and nobody behind it
        return False


def _pid_file(folder: Path) -> Path:
    return folder.with_suffix(".pid")


def _pid(folder: Path) -> int | None:
    """Return the process mounted at ``folder``; None if it is gone, or the number is another's."""
    try:
        pid = int(_pid_file(folder).read_text(encoding="ascii"))
        command = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except (OSError, ValueError):
        return None
    return pid if str(folder).encode() in command else None
