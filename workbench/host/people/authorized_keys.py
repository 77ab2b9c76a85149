"""A person's SSH keys from the settings, alongside those they add themselves.

The file is in the person's own home, so it is written as that person: root must not follow a
link they may have put there. Run as ``python3 -m workbench.host.people.authorized_keys``, keys on
standard input, those to be taken out behind a ``-``.
"""

import errno
import os
import pwd
import stat
import sys
from collections.abc import Sequence
from pathlib import Path

from workbench.host.data.full_disk import explain
from workbench.host.data.full_disk import is_full

BEGIN = "# The workbench's stack configuration: begin"
END = "# The workbench's stack configuration: end"
LARGEST_FILE = 1 << 20
# With a limit: it is the person's own process, which they can hold up.
AS_PERSON = "timeout --signal=KILL 30 runuser -u {name} -- env"


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
        modes = (folder.lstat().st_mode, path.lstat().st_mode)
    except (FileNotFoundError, NotADirectoryError):
        return not keys
    text = _decoded(read_file(path, LARGEST_FILE))
    as_wanted = modes == (stat.S_IFDIR | 0o700, stat.S_IFREG | 0o600)
    return as_wanted and text == with_keys(text, keys, without)


def read_file(path: Path, largest: int = -1) -> bytes:
    """Return a person's file, ``largest`` bytes of it at most; nothing if it is no plain file.

    Whatever they put there: a link isn't followed, and a pipe isn't waited for.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return b""
    with open(descriptor, "rb") as file:
        return file.read(largest) if stat.S_ISREG(os.fstat(descriptor).st_mode) else b""


def write() -> None:
    """Write the keys on standard input into this person's file."""
    lines = [line.strip() for line in sys.stdin if line.strip()]
    keys = [line for line in lines if not line.startswith("-")]
    without = [line[1:] for line in lines if line.startswith("-")]
    folder = Path(pwd.getpwuid(os.getuid()).pw_dir) / ".ssh"
    folder.mkdir(mode=0o700, exist_ok=True)
    folder.chmod(0o700)
    path = folder / "authorized_keys"
    before = read_file(path)
    content = with_keys(_decoded(before), keys, without).encode(errors="surrogateescape")
    temporary = folder / "authorized_keys.workbench"
    temporary.unlink(missing_ok=True)
    try:
        temporary.touch(mode=0o600, exist_ok=False)
        temporary.write_bytes(content)
        temporary.rename(path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        if not is_full(error) or len(content) > len(before):
            raise
        # A key is taken out all the same: the blocks are there.
        _overwrite(path, content)


def _overwrite(path: Path, content: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_NOFOLLOW)
    with open(descriptor, "wb") as file:
        # Not truncated first: what was given back, others may take.
        os.pwrite(descriptor, content, 0)
        file.truncate(len(content))


def run() -> None:
    """Write them; say in a sentence why that can't be."""
    try:
        write()
    except OSError as error:
        entry = pwd.getpwuid(os.getuid())
        told = explain(error, Path(entry.pw_dir), f"the keys of {entry.pw_name} are not written")
        if error.errno != errno.EDQUOT:
            sys.exit(told)
        # Their own share, which they can make room in: nobody else waits for that.
        print(told)


def _decoded(content: bytes) -> str:
    # A person's comment may be in any encoding, and comes back as it was.
    return content.decode(errors="surrogateescape")


def _data(key: str) -> str:
    return key.split()[1] if len(key.split()) > 1 else key.strip()


if __name__ == "__main__":
    run()
