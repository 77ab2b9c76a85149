"""Where workbench keeps things on this computer."""

import os
import shutil
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
    if not own.exists() and (shared / f"copy-{project}.json").is_file():
        shutil.copytree(shared, own)
    return own


def cache_dir() -> Path:
    """Return the folder of what can be made again (engine, images' downloads).

    ``WORKBENCH_CACHE_DIR`` overrides it.
    """
    return _place("WORKBENCH_CACHE_DIR", platformdirs.user_cache_path(APP))


def _place(variable: str, default: Path) -> Path:
    value = os.environ.get(variable)
    return Path(value).expanduser().absolute() if value else default
