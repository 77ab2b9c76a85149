"""Where OpenSSH keeps a person's own files on this computer."""

import os
import sys
from pathlib import Path

VARIABLE = "WORKBENCH_SSH_DIR"


def ssh_folder() -> Path:
    """Return the folder that holds OpenSSH's ``config`` and keys; ``WORKBENCH_SSH_DIR`` wins."""
    named = os.environ.get(VARIABLE)
    return Path(named).expanduser().absolute() if named else default_folder()


def default_folder() -> Path:
    """Return the folder that OpenSSH itself looks into.

    It takes the home from the system's accounts, whatever $HOME says (ssh(1), FILES).
    """
    return _home() / ".ssh"


def key_folders() -> list[Path]:
    """Return the folders that a person's keys may be in."""
    return list(dict.fromkeys((ssh_folder(), Path.home() / ".ssh")))


def _home() -> Path:
    if sys.platform == "win32":
        return Path.home()
    import pwd

    try:
        return Path(pwd.getpwuid(os.getuid()).pw_dir)
    except KeyError:
        return Path.home()
