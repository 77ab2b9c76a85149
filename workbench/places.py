"""Where workbench keeps things on this computer."""

import os
from pathlib import Path

import platformdirs

APP = "diy-workbench"


def state_dir() -> Path:
    """Return the folder of what must outlive a command; made by who writes to it.

    ``WORKBENCH_STATE_DIR`` overrides it.
    """
    return _place("WORKBENCH_STATE_DIR", platformdirs.user_state_path(APP))


def stack_dir(stack: str) -> Path:
    """Return the folder of what belongs to a stack on AWS: passwords, host keys, passphrase."""
    return state_dir() / "stacks" / stack.replace("/", "_")


def cache_dir() -> Path:
    """Return the folder of what can be made again (engine, images' downloads).

    ``WORKBENCH_CACHE_DIR`` overrides it.
    """
    return _place("WORKBENCH_CACHE_DIR", platformdirs.user_cache_path(APP))


def _place(variable: str, default: Path) -> Path:
    value = os.environ.get(variable)
    return Path(value).expanduser().absolute() if value else default
