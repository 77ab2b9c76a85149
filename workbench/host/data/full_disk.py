"""What is said when a disk has no room: one sentence, instead of what a library raises."""

import errno
import os
from pathlib import Path

FULL = {errno.ENOSPC, errno.EDQUOT}


def is_full(error: OSError) -> bool:
    """Say whether there was no room, by the disk or by a quota."""
    return error.errno in FULL


def explain(error: OSError, path: Path, consequence: str) -> str:
    """Return a sentence of a write to ``path`` that failed, and what that means."""
    reason = error.strerror or str(error)
    if not is_full(error):
        return f"{path} can't be written ({reason}): {consequence}"
    if error.errno == errno.EDQUOT:
        return f"{path} has no space left in its owner's quota: {consequence}. Delete files there"
    return (
        f"the disk of {path} is full: {consequence}. Delete files on {_mount_point(path)}, or make"
        " it bigger; workbench doctor says what takes up the space"
    )


def _mount_point(path: Path) -> Path:
    return next(each for each in (path, *path.parents) if os.path.ismount(each))
