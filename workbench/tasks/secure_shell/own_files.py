"""Write files of a person's own: in one step, with the mode and the owner they had."""

import contextlib
import os
import stat
import sys
import tempfile
from pathlib import Path

from workbench.errors import WorkbenchError


def make_folder(path: Path) -> None:
    """Make a folder that only its owner may look into; one that is there stays as it is."""
    if path.is_dir():
        return
    path.mkdir(mode=0o700, parents=True)
    # mkdir's mode is less what the umask takes.
    path.chmod(0o700)


def put_file(path: Path, content: bytes, *, mode: int) -> None:
    """Write a file so that nobody ever sees half of it; ``mode`` is for a new one."""
    before = path.stat() if path.exists() else None
    if before is not None and path.read_bytes() == content:
        return
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(stat.S_IMODE(before.st_mode) if before else mode)
        if before is not None and sys.platform != "win32":
            # Only root may give a file away, and only root meets a file of someone else's.
            with contextlib.suppress(PermissionError):
                os.chown(name, before.st_uid, before.st_gid)
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def refuse_writable_by_others(path: Path) -> None:
    """Raise where OpenSSH would refuse a configuration that others may write to."""
    if sys.platform != "win32" and path.stat().st_mode & 0o022:
        raise WorkbenchError(
            f"Others may write to {path}, so OpenSSH doesn't read it.", f"chmod go-w {path}"
        )
