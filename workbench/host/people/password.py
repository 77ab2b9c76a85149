"""Set a person's password, here and on the data volume, or nowhere.

The password is read from standard input: everyone can read a program's arguments. Run as
``python3 -m workbench.host.people.password NAME``; standard library only.
"""

import subprocess
import sys
from pathlib import Path

from workbench.host import places
from workbench.host.data.full_disk import explain
from workbench.host.people import accounts

UNCHANGED = "the password is not changed"


class PasswordError(Exception):
    """The password stays as it was; the message is one plain sentence."""


def change(name: str, password: str) -> None:
    """Set the password; where the volume doesn't take its hash, the old one is set again."""
    before = accounts.read_shadow()[name][0]
    _set(name, password)
    try:
        accounts.save()
    except OSError as error:
        _set(name, before, "--encrypted")
        raise PasswordError(explain(error, places.ACCOUNTS, UNCHANGED)) from error


def _set(name: str, password: str, *options: str) -> None:
    done = subprocess.run(
        ["chpasswd", *options],
        input=f"{name}:{password}\n",
        capture_output=True,
        text=True,
        check=False,
    )
    if not done.returncode:
        return
    # shadow's tools write a new file first and say only that they could not.
    try:
        _probe(Path("/etc/workbench-room"))
    except OSError as error:
        raise PasswordError(explain(error, Path("/etc/shadow"), UNCHANGED)) from error
    raise PasswordError(f"{UNCHANGED}: {done.stderr.strip() or 'chpasswd failed'}")


def _probe(path: Path) -> None:
    """Write as much as /etc/shadow has; raise what the disk says to it."""
    try:
        path.write_bytes(bytes(Path("/etc/shadow").stat().st_size + 4096))
    finally:
        path.unlink(missing_ok=True)


if __name__ == "__main__":
    try:
        change(sys.argv[1], sys.stdin.readline().rstrip("\n"))
    except PasswordError as failure:
        sys.exit(str(failure))
