"""Everyone who ever had an account of the workbench's, with their uid.

On the data volume. Nobody gets the uid of someone else, whose files it may still own; who comes
back gets their own again, even after ``userdel`` manually. Standard library only.
"""

import grp
import json
import pwd
from pathlib import Path

from workbench.host import places
from workbench.host.data.set_aside import set_aside

PEOPLE = places.ACCOUNTS / "register.json"
# On the server's own disk.
COPY = places.STATE / "register.json"
# The range that Debian and Ubuntu give to people (login.defs).
FIRST_ID = 1000
LAST_ID = 59999


def read_register(path: Path = PEOPLE) -> dict[str, int]:
    """Return the uid of each name; where the file is damaged or lost, by this server's own copy.

    Without either the homes tell whose they are (``uid_for``).
    """
    for each in (path, COPY):
        if (found := _read(each)) is not None:
            return found
    return {}


def is_readable(path: Path = PEOPLE) -> bool:
    """Say whether the register is there, whole."""
    return _read(path) is not None


def _read(path: Path) -> dict[str, int] | None:
    try:
        return {str(name): int(uid) for name, uid in json.loads(path.read_text()).items()}
    except (OSError, ValueError, AttributeError, TypeError):
        return None


def uid_for(name: str, register: dict[str, int]) -> int:
    """Return the uid for a person's new account: the one they had, else a free one."""
    if name in register:
        return register[name]
    # Made before there was a register, or restored without it: the files tell whose they are.
    home = places.HOMES / name
    owner = home.lstat().st_uid if home.is_dir() else 0
    if _is_persons(owner) and owner not in {*register.values(), *_ids_here()}:
        return owner
    return free_id(register)


def free_id(register: dict[str, int]) -> int:
    """Return an id above all that people have or had."""
    return max(FIRST_ID, *register.values(), *_ids_here(), *_owners(places.HOMES)) + 1


def registered(register: dict[str, int]) -> str:
    """Return the register's text."""
    return json.dumps(dict(sorted(register.items())))


def _ids_here() -> list[int]:
    ids = [entry.pw_uid for entry in pwd.getpwall()] + [entry.gr_gid for entry in grp.getgrall()]
    return [FIRST_ID, *filter(_is_persons, ids)]


def _owners(homes: Path) -> list[int]:
    """Return who owns the homes: a volume may be older than its register."""
    owners = [home.lstat().st_uid for home in homes.iterdir()] if homes.is_dir() else []
    return [FIRST_ID, *filter(_is_persons, owners)]


def _is_persons(number: int) -> bool:
    return FIRST_ID <= number <= LAST_ID


if __name__ == "__main__":
    # "set-aside" is all that it is run for.
    set_aside(PEOPLE, "no register of names and uids")
