"""A person's SSH keys from the settings, beside those they add themselves.

The file is in the person's own home, so it is written as that person: root must not follow a
link they may have put there. Run as ``python3 -m workbench_host.authorized_keys``, keys on
standard input.
"""

import os
import pwd
import sys
from collections.abc import Sequence
from pathlib import Path

BEGIN = "# The workbench's stack configuration: begin"
END = "# The workbench's stack configuration: end"


def with_keys(text: str, keys: Sequence[str]) -> str:
    """Return an authorized_keys file's text with our block in it, the rest as it was."""
    before, begin, rest = text.partition(BEGIN + "\n")
    _, _, after = rest.partition(END + "\n") if begin else ("", "", "")
    others = before + after
    mine = set(keys)
    kept = "".join(line for line in others.splitlines(keepends=True) if line.strip() not in mine)
    if kept and not kept.endswith("\n"):
        kept += "\n"
    return "\n".join([BEGIN, *keys, END, ""]) + kept if keys else kept


def are_authorized(name: str, keys: Sequence[str]) -> bool:
    """Say whether the person's file has exactly these keys in our block, and its right modes."""
    folder = Path(pwd.getpwnam(name).pw_dir) / ".ssh"
    path = folder / "authorized_keys"
    try:
        if folder.is_symlink() or path.is_symlink():
            return False
        modes = (folder.stat().st_mode & 0o777, path.stat().st_mode & 0o777)
        text = path.read_text()
    except FileNotFoundError:
        return not keys
    return text == with_keys(text, keys) and modes == (0o700, 0o600)


def write() -> None:
    """Write the keys on standard input into this person's file."""
    keys = [line.strip() for line in sys.stdin if line.strip()]
    folder = Path(pwd.getpwuid(os.getuid()).pw_dir) / ".ssh"
    folder.mkdir(mode=0o700, exist_ok=True)
    folder.chmod(0o700)
    path = folder / "authorized_keys"
    text = path.read_text() if path.exists() else ""
    temporary = folder / "authorized_keys.workbench"
    temporary.touch(mode=0o600)
    temporary.write_text(with_keys(text, keys))
    temporary.rename(path)


if __name__ == "__main__":
    write()
