"""Room for the product's own state that no person can take: a file system of its own.

It is a file within the data volume, allocated in advance and mounted over /data/workbench. Quotas
can't promise that: not every kernel has them, and people together fill what each may have.

Standard library only: it is part of mounting the volume.
"""

import errno
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

from workbench.host import places
from workbench.host.data.full_disk import is_full

IMAGE = places.IDENTITY_IMAGE
NEXT_IMAGE = IMAGE.with_suffix(".new")
NEXT = Path("/run/workbench/next-state")
# The volume without what is mounted on it.
BELOW = Path("/run/workbench/data-below")
MIB = 1 << 20
# The least that XFS makes is 300 MiB, of which its log takes 64; hub database, certificates and
# accounts are a few. Not ext4: it has a loop device forget blocks whenever it zeroes some, and
# what the file gave back to the volume, people may take.
SIZE = 320 * MIB
LOOP_CONTROL = Path("/dev/loop-control")
LABEL = "own-room"
OPTIONS = "loop,nodev,nosuid,noexec"


class OwnRoomError(Exception):
    """The product's own file system can't be used; the message is one plain sentence."""


def is_mounted() -> bool:
    """Say whether the product's state has its own file system."""
    return os.path.ismount(places.IDENTITY)


def can_be_made() -> bool:
    """Say whether the volume has room for it now, and the system what mounts a file."""
    if not LOOP_CONTROL.exists():
        return False
    status = os.statvfs(places.DATA)
    return status.f_bavail * status.f_frsize > SIZE + 16 * MIB


def has_holes() -> bool:
    """Say whether something trimmed it, and others may take what it gave back."""
    if not IMAGE.exists():
        return False
    status = IMAGE.stat()
    return status.st_blocks * 512 < status.st_size


def mount() -> None:
    """Mount it over the product's folder; make it, with what the folder has, where it isn't there.

    A volume that is full already keeps the folder: nothing works better without it.
    """
    if is_mounted():
        return
    NEXT_IMAGE.unlink(missing_ok=True)
    if not IMAGE.exists():
        try:
            _make()
        except OSError as error:
            NEXT_IMAGE.unlink(missing_ok=True)
            print(_why_not(error), file=sys.stderr)
            return
    try:
        _run("mount", "-o", OPTIONS, str(IMAGE), str(places.IDENTITY))
    except OSError as error:
        raise OwnRoomError(
            f"the product's own file system can't be mounted ({error.strerror}): repair it with"
            f" sudo xfs_repair {IMAGE}, or restore a snapshot of the data volume"
        ) from error
    _keep_allocated()
    _forget_folder()


def _why_not(error: OSError) -> str:
    if is_full(error):
        return (
            f"{places.DATA} is too full for a file system of its own for {places.IDENTITY}, which"
            f" needs {SIZE // MIB} MiB: it stays a folder, which has no room when the volume has"
            " none"
        )
    return f"{places.IDENTITY} stays a folder, which people can fill: {error.strerror}"


def unmount() -> None:
    """Take it off the volume, which can't be taken off before."""
    if is_mounted():
        _run("umount", str(places.IDENTITY))


def _make() -> None:
    """Make the file system and copy the folder into it; it has its name when it is complete."""
    with open(NEXT_IMAGE, "wb", opener=_private) as file:
        # Fails at once where there is no room.
        os.posix_fallocate(file.fileno(), 0, SIZE)
    # -K: without it, what was allocated would be given back to the volume.
    _run("mkfs.xfs", "-q", "-K", "-L", LABEL, str(NEXT_IMAGE))
    _write_all(NEXT_IMAGE)
    NEXT.mkdir(parents=True, exist_ok=True)
    if os.path.ismount(NEXT):
        # Of a run that was interrupted.
        _run("umount", str(NEXT))
    _run("mount", "-o", OPTIONS, str(NEXT_IMAGE), str(NEXT))
    try:
        # With owners, modes and times, the folder's own too.
        _run("cp", "--archive", f"{places.IDENTITY}/.", str(NEXT))
    finally:
        _run("umount", str(NEXT))
    with NEXT_IMAGE.open("rb") as file:
        os.fsync(file.fileno())
    NEXT_IMAGE.rename(IMAGE)
    folder = os.open(places.DATA, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _write_all(path: Path) -> None:
    """Write every block as it is: one only allocated may take others when it is first written."""
    with path.open("r+b", buffering=0) as file:
        for offset in range(0, SIZE, MIB):
            block = os.pread(file.fileno(), MIB, offset)
            os.pwrite(file.fileno(), block, offset)
        os.fsync(file.fileno())


def _keep_allocated() -> None:
    """Keep the file's blocks, whatever trims its file system."""
    device = subprocess.run(
        ["findmnt", "-no", "SOURCE", str(places.IDENTITY)], capture_output=True, text=True
    ).stdout.strip()
    limit = Path("/sys/block") / Path(device).name / "queue" / "discard_max_bytes"
    try:
        limit.write_text("0")
    except OSError as error:
        print(f"{device} may be trimmed: {error}", file=sys.stderr)
    try:
        # What was trimmed before.
        with IMAGE.open("r+b") as file:
            os.posix_fallocate(file.fileno(), 0, IMAGE.stat().st_size)
    except OSError as error:
        print(f"{IMAGE} has not all of its room: {error}", file=sys.stderr)


def _forget_folder() -> None:
    """Delete what the folder below still has: password hashes and host keys of before."""
    BELOW.mkdir(parents=True, exist_ok=True)
    if not os.path.ismount(BELOW):
        _run("mount", "--bind", "--make-private", str(places.DATA), str(BELOW))
    try:
        for path in (BELOW / places.IDENTITY.name).iterdir():
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink()
    finally:
        _run("umount", str(BELOW))


def unmount_when_free(point: Path, seconds: float = 20.0) -> None:
    """Unmount it; the kernel takes a moment to let go of a file system within."""
    limit = time.monotonic() + seconds
    while True:
        done = subprocess.run(["umount", str(point)], capture_output=True, text=True, check=False)
        if not done.returncode:
            return
        if time.monotonic() > limit:
            raise OwnRoomError(f"{point} can't be unmounted: {done.stderr.strip()}")
        time.sleep(0.2)


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        code = errno.ENOSPC if "No space left" in done.stderr else errno.EIO
        said = (done.stderr.strip().splitlines() or ["no reason given"])[0]
        raise OSError(code, f"{command[0]} failed: {said}")


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
