"""Loop devices: a file as a block device, found again by the file behind it."""

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path

from workbench.errors import WorkbenchError
from workbench.waiting import wait_for

REMOVE_LIMIT = 10.0


@dataclass(frozen=True)
class LoopDevice:
    """A loop device on this computer and the file behind it."""

    path: str
    major: int
    minor: int
    file: Path


class LoopDeviceError(WorkbenchError):
    """This computer doesn't give a loop device."""


def list_loops(below: Path) -> list[LoopDevice]:
    """Return the loop devices whose file is, or was before it was deleted, below a folder."""
    folder = below.resolve()
    columns = "NAME,MAJ:MIN,BACK-FILE"
    output = _losetup("--list", "--json", "--output", columns).strip()
    found = []
    for entry in json.loads(output)["loopdevices"] if output else []:
        file = Path((entry["back-file"] or "").removesuffix(" (deleted)"))
        if folder == file or folder in file.parents:
            major, minor = map(int, entry["maj:min"].split(":"))
            found.append(LoopDevice(entry["name"], major, minor, file))
    return found


def find_loop(file: Path) -> LoopDevice | None:
    """Return the loop device of a file; None if it has none."""
    return next(iter(list_loops(file)), None)


def ensure_loop(file: Path) -> LoopDevice:
    """Return the loop device of a file; make one where there is none."""
    if not file.exists():
        raise LoopDeviceError(
            f"The file of volume {file.stem} is gone: {file}",
            "Make the rehearsal again: workbench rehearsal.reset",
        )
    loop = find_loop(file)
    if loop is None:
        _losetup("--find", str(file.resolve()))
        loop = find_loop(file)
    if loop is None:
        raise LoopDeviceError(f"The loop device of {file} went as it came.", "Try again.")
    return loop


def resize_loop(loop: LoopDevice) -> None:
    """Tell a loop device that its file has grown; a mounted file system can then grow too."""
    _losetup("--set-capacity", loop.path)


def remove_loop(loop: LoopDevice) -> None:
    """Detach a loop device; one still in use goes when its last user does."""
    _losetup("--detach", loop.path)


def remove_loops(below: Path, limit: float = REMOVE_LIMIT) -> None:
    """Detach the loop devices of files below a folder, and wait until they are gone.

    Raises LoopDeviceError when one is still in use after ``limit`` seconds; the kernel takes a
    moment to undo the mounts of a machine that was removed.
    """
    for loop in list_loops(below):
        remove_loop(loop)
    if not wait_for(lambda: not list_loops(below), limit, 0.05):
        left = list_loops(below)[0]
        raise LoopDeviceError(
            f"{left.path}, the loop device of {left.file}, is still in use.",
            f"See who has it mounted: grep {left.path} /proc/*/mountinfo",
        )


def _losetup(*arguments: str) -> str:
    try:
        result = subprocess.run(["losetup", *arguments], capture_output=True, text=True, check=True)
    except FileNotFoundError:
        raise LoopDeviceError(
            "losetup, which makes volumes of files, isn't installed.",
            "Install it: sudo apt-get install util-linux",
        ) from None
    except subprocess.CalledProcessError as error:
        reason = (error.stderr.strip() or f"exit code {error.returncode}").splitlines()[-1]
        raise LoopDeviceError(
            f"A loop device, which a volume is in rehearsal, can't be had: {reason}",
            "It takes root and a kernel with loop devices: sudo modprobe loop",
        ) from None
    return result.stdout
