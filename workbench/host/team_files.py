"""The team's folder: all that is in it can be read and written by everyone with an account.

What is made there is so from the start, by the folder's default ACL, which no umask narrows. What
is moved or copied there keeps what it had, so this is put right once a minute, as root: by
descriptors of what it has looked at, since people can put a link anywhere at any moment. Run as
``python3 -m workbench_host.team_files``; standard library only.
"""

import contextlib
import grp
import os
import stat
import struct
import sys
from pathlib import Path

from . import places

DEFAULT_ACL = "system.posix_acl_default"
# Version 2; owner and group everything, others nothing. In the order of the kernel's tags.
OPEN_TO_GROUP = struct.pack("<I", 2) + b"".join(
    struct.pack("<HHI", tag, rights, 0xFFFFFFFF) for tag, rights in ((1, 7), (4, 7), (32, 0))
)
FOLDER_MODE = 0o2770
FILE_MODE = 0o660


def put_right(folder: Path, gid: int) -> int:
    """Open all that is in the folder to the group; return how much of it was changed."""
    changed = 0
    for _, _, names, descriptor in os.fwalk(folder, follow_symlinks=False):
        changed += open_folder(descriptor, gid)
        for name in names:
            with contextlib.suppress(OSError):
                changed += _open_file(name, descriptor, gid)
    return changed


def open_folder(descriptor: int, gid: int) -> bool:
    """Open a folder, and what will be made in it; say whether it had to be."""
    status = os.fstat(descriptor)
    mode = stat.S_IMODE(status.st_mode)
    is_right = status.st_gid == gid and mode & FOLDER_MODE == FOLDER_MODE
    if is_right and _default_acl(descriptor) == OPEN_TO_GROUP:
        return False
    # In this order: a change of the group may take bits away.
    os.fchown(descriptor, -1, gid)
    os.fchmod(descriptor, mode | FOLDER_MODE)
    os.setxattr(descriptor, DEFAULT_ACL, OPEN_TO_GROUP)
    return True


def _open_file(name: str, folder: int, gid: int) -> bool:
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
    status = os.stat(name, dir_fd=folder, follow_symlinks=False)
    if not stat.S_ISREG(status.st_mode) or _is_open(status, gid):
        return False
    descriptor = os.open(name, flags, dir_fd=folder)
    try:
        status = os.fstat(descriptor)
        # A file with more names may be another place's, too.
        if not stat.S_ISREG(status.st_mode) or status.st_nlink > 1:
            return False
        mode = stat.S_IMODE(status.st_mode)
        # Whoever may run it for its owner may for the group; never with the owner's rights.
        run = (mode & 0o100) >> 3
        os.fchown(descriptor, -1, gid)
        os.fchmod(descriptor, (mode | FILE_MODE | run) & 0o777)
    finally:
        os.close(descriptor)
    return True


def _is_open(status: os.stat_result, gid: int) -> bool:
    return status.st_gid == gid and status.st_mode & FILE_MODE == FILE_MODE


def _default_acl(descriptor: int) -> bytes:
    try:
        return os.getxattr(descriptor, DEFAULT_ACL)
    except OSError:
        return b""


if __name__ == "__main__":
    if os.path.ismount(places.DATA) and places.TEAM.is_dir():
        try:
            put_right(places.TEAM, grp.getgrnam(places.MEMBERS).gr_gid)
        except (OSError, KeyError) as error:
            sys.exit(f"{places.TEAM} can't be opened to everyone: {error}")
