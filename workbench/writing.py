"""Write a file in one step: nobody ever reads half of it, and a crash leaves the one before."""

import contextlib
import os
import stat
import sys
import tempfile
from pathlib import Path


def put_file(path: Path, content: bytes | str, *, mode: int = 0o644, parents: bool = True) -> None:
    """Write a file, with ``parents`` its folder too, unless it holds that already; text in UTF-8.

    ``mode`` is for a new one: one that is there keeps its mode and its owner. Raises OSError.
    """
    data = content.encode("utf-8") if isinstance(content, str) else content
    before = path.stat() if path.exists() else None
    if before is not None and path.read_bytes() == data:
        return
    if parents:
        path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
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
