"""A person's SSH keys from the settings, beside those they add themselves.

The file is in the person's own home, so it is written as that person: root must not follow a
link they may have put there. Run as ``python3 -m workbench_host.authorized_keys``, keys on
standard input, those to be taken out behind a ``-``.
"""

import os
import pwd
import sys
from collections.abc import Sequence
from pathlib import Path

BEGIN = "# The workbench's stack configuration: begin"
END = "# The workbench's stack configuration: end"


def with_keys(text: str, keys: Sequence[str], without: Sequence[str] = ()) -> str:
    """Return an authorized_keys file's text with our block in it, the rest as it was.

    ``without`` are keys that don't open the account any more, wherever they stand.
    """
    before, begin, rest = text.partition(BEGIN + "\n")
    _, _, after = rest.partition(END + "\n") if begin else ("", "", "")
    others = before + after
    # A key is its data: EC2 puts the key pair's name behind it, where the settings have a comment.
    taken = {_data(key) for key in (*keys, *without)}
    lines = others.splitlines(keepends=True)
    kept = "".join(line for line in lines if not taken & set(line.split()))
    if kept and not kept.endswith("\n"):
        kept += "\n"
    return "\n".join([BEGIN, *keys, END, ""]) + kept if keys else kept


def are_authorized(name: str, keys: Sequence[str], without: Sequence[str] = ()) -> bool:
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
    return text == with_keys(text, keys, without) and modes == (0o700, 0o600)


def write() -> None:
    """Write the keys on standard input into this person's file."""
    lines = [line.strip() for line in sys.stdin if line.strip()]
    keys = [line for line in lines if not line.startswith("-")]
    without = [line[1:] for line in lines if line.startswith("-")]
    folder = Path(pwd.getpwuid(os.getuid()).pw_dir) / ".ssh"
    folder.mkdir(mode=0o700, exist_ok=True)
    folder.chmod(0o700)
    path = folder / "authorized_keys"
    text = path.read_text() if path.exists() else ""
    temporary = folder / "authorized_keys.workbench"
    temporary.touch(mode=0o600)
    temporary.write_text(with_keys(text, keys, without))
    temporary.rename(path)


def _data(key: str) -> str:
    return key.split()[1] if len(key.split()) > 1 else key.strip()


if __name__ == "__main__":
    write()
