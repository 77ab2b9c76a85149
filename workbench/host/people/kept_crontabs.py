"""People's cron tables on the data volume: a replaced server does what they asked of the old one.

Saved and restored with the accounts, so it uses the standard library only. Root's table and the
administrator's stay on the server, as their homes do.
"""

import grp
import json
import os
import pwd
import stat
import sys
from pathlib import Path

from workbench.host import places
from workbench.host.data.set_aside import set_aside
from workbench.host.people.register import FIRST_ID
from workbench.host.people.register import LAST_ID

TABLES = Path("/var/spool/cron/crontabs")
SAVED = places.ACCOUNTS / "crontabs.json"
# cron's group, by which `crontab` may write here.
GROUP = "crontab"
# Bytes of one table: the product's own room on the volume is no place to fill.
MOST = 64 << 10


def is_saved(administrator: str) -> bool:
    """Say whether the volume has people's tables as they are."""
    return (_read() or {}) == present(administrator)


def save(administrator: str) -> None:
    """Write people's tables to the volume."""
    if is_saved(administrator):
        return
    SAVED.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    _write(SAVED, json.dumps(present(administrator), indent=1).encode())


def restore(administrator: str) -> None:
    """Give people the volume's tables; a volume of before, which has none, changes nothing."""
    saved = _read()
    if saved is None and SAVED.is_file():
        set_aside(SAVED, "no crontabs in it")
    if saved is None or not TABLES.is_dir():
        return
    people = _people(administrator)
    for name, number in people.items():
        # Of a server that had the volume before another one did; what is never saved stays.
        if name not in saved and _table(name, number):
            (TABLES / name).unlink(missing_ok=True)
    for name in [name for name in people if name in saved]:
        text = saved[name].encode(errors="surrogateescape")
        owner = (pwd.getpwnam(name).pw_uid, _group())
        # cron looks at no file with a dot in front.
        _write(TABLES / name, text, TABLES / f".{name}", owner)


def present(administrator: str) -> dict[str, str]:
    """Return people's tables on this server, by name."""
    found = {name: _table(name, number) for name, number in _people(administrator).items()}
    return {name: text for name, text in sorted(found.items()) if text}


def _people(administrator: str) -> dict[str, int]:
    return {
        entry.pw_name: entry.pw_uid
        for entry in pwd.getpwall()
        if FIRST_ID <= entry.pw_uid <= LAST_ID and entry.pw_name != administrator
    }


def _table(name: str, number: int) -> str:
    """Return a person's table, as cron takes it: a file of their own; empty where there is none."""
    try:
        descriptor = os.open(TABLES / name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return ""
    with open(descriptor, "rb") as file:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode) or status.st_uid != number:
            return ""
        if status.st_size > MOST:
            print(f"{name}'s crontab is too large to be kept for a new server", file=sys.stderr)
            return ""
        return file.read().decode(errors="surrogateescape")


def _group() -> int:
    try:
        return grp.getgrnam(GROUP).gr_gid
    except KeyError:
        return 0


def _read() -> dict[str, str] | None:
    """Return the volume's tables; None where the file is missing or damaged."""
    try:
        return {str(name): str(text) for name, text in json.loads(SAVED.read_text()).items()}
    except (OSError, ValueError, AttributeError):
        return None


def _write(
    path: Path, content: bytes, temporary: Path | None = None, owner: tuple[int, int] | None = None
) -> None:
    temporary = temporary or path.with_suffix(f".{os.getpid()}")
    try:
        temporary.unlink(missing_ok=True)
        with open(temporary, "xb", opener=_private) as file:
            if owner:
                os.fchown(file.fileno(), *owner)
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.rename(path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
