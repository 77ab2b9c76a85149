"""Room for new homes and keys on a volume that people filled: small files that root can give up.

What is made for a person is in their home, among everyone's files. Run as ``python3 -m
workbench.host.data.room give``; standard library only.
"""

import os
import sys
from pathlib import Path

from workbench.host import places
from workbench.host.data.full_disk import is_full

FOLDER = places.DATA / "room"
FILES = 64
BYTES = 1 << 20
# Given up at once: more than a home needs. What people take of it first, they have.
GIVEN = 8


def is_short() -> bool:
    """Say whether the homes have less room than a new home may need, or fewer files."""
    status = os.statvfs(places.HOMES)
    return status.f_bavail * status.f_frsize < GIVEN * BYTES or status.f_favail < 32


def is_left() -> bool:
    """Say whether there is some of it to give up."""
    return bool(_files())


def is_kept() -> bool:
    """Say whether the room is there."""
    return len(_files()) == FILES


def can_be_kept() -> bool:
    """Say whether the homes have enough left for it."""
    status = os.statvfs(places.HOMES)
    return status.f_bavail * status.f_frsize > 3 * FILES * BYTES and status.f_favail > 4 * FILES


def keep() -> None:
    """Take the room, as much of it as there is."""
    FOLDER.mkdir(mode=0o700, exist_ok=True)
    try:
        for number in range(FILES):
            path = FOLDER / str(number)
            with path.open("ab") as file:
                os.posix_fallocate(file.fileno(), 0, BYTES)
    except OSError as error:
        if not is_full(error):
            raise


def give() -> None:
    """Give some of it up."""
    for path in _files()[:GIVEN]:
        # Its blocks are free at once; a deleted file's are some time later.
        os.truncate(path, 0)
        path.unlink()


def _files() -> list[Path]:
    """Return those that are whole: one that was interrupted is of no use."""
    found = sorted(FOLDER.iterdir()) if FOLDER.is_dir() else []
    return [path for path in found if path.stat().st_size == BYTES]


if __name__ == "__main__":
    {"give": give, "keep": keep}[sys.argv[1]]()
