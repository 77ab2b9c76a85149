"""Where workbench keeps things on this computer."""

import contextlib
import os
import shutil
import tempfile
from pathlib import Path

import platformdirs

APP = "diy-workbench"


def state_dir() -> Path:
    """Return the folder of what must outlive a command; made by who writes to it.

    ``WORKBENCH_STATE_DIR`` overrides it.
    """
    return _place("WORKBENCH_STATE_DIR", platformdirs.user_state_path(APP))


def stack_dir(project: str, stack: str) -> Path:
    """Return the folder of what belongs to a project's stack on AWS: host keys, passphrase.

    Projects used to share it by the stack's name: one that did starts with what it had there.
    """
    project, stack = project.replace("/", "_"), stack.replace("/", "_")
    own, shared = state_dir() / "projects" / project / stack, state_dir() / "stacks" / stack
    if shared.is_dir() and not own.exists():
        # A stack that is planned, or destroyed but for its data, has a passphrase and no copy.
        copies = {each.name for each in shared.glob("copy-*.json")}
        if not copies or f"copy-{project}.json" in copies:
            _take_over(shared, own)
    return own


def _take_over(shared: Path, own: Path) -> None:
    """Copy a folder whole or not at all: half a folder would be without its passphrase for good."""
    own.parent.mkdir(parents=True, exist_ok=True)
    begun = Path(tempfile.mkdtemp(prefix=f".{own.name}-", dir=own.parent))
    try:
        shutil.copytree(shared, begun, dirs_exist_ok=True)
        # Another command may have been faster; it copied the same.
        with contextlib.suppress(OSError):
            begun.rename(own)
    finally:
        shutil.rmtree(begun, ignore_errors=True)


def cache_dir() -> Path:
    """Return the folder of what can be made again (engine, images' downloads).

    ``WORKBENCH_CACHE_DIR`` overrides it.
    """
    return _place("WORKBENCH_CACHE_DIR", platformdirs.user_cache_path(APP))


def _place(variable: str, default: Path) -> Path:
    value = os.environ.get(variable)
    return Path(value).expanduser().absolute() if value else default
