"""The modes that OpenSSH wants of a person's own files."""

import sys
from pathlib import Path

from workbench.errors import WorkbenchError


def make_folder(path: Path) -> None:
    """Make a folder that only its owner may look into; one that is there stays as it is."""
    if path.is_dir():
        return
    path.mkdir(mode=0o700, parents=True)
    # mkdir's mode is less what the umask takes.
    path.chmod(0o700)


def refuse_writable_by_others(path: Path) -> None:
    """Raise where OpenSSH would refuse a configuration that others may write to."""
    if sys.platform != "win32" and path.stat().st_mode & 0o022:
        raise WorkbenchError(
            f"Others can write to {path}, so OpenSSH doesn't read it.", f"chmod go-w {path}"
        )
