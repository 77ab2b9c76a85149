"""The server's accounts on the data volume: uids, password hashes, groups.

A replaced server has the same people with the same passwords and cron jobs. Run on its own
whenever /etc/shadow or a crontab changes (``python3 -m workbench.host.people.accounts save``), so
that a password changed with ``passwd`` is kept, too; it uses the standard library only.
"""

import grp
import json
import os
import pwd
import shutil
import subprocess
import sys
import uuid
from dataclasses import asdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbench.host import places
from workbench.host.data.full_disk import explain
from workbench.host.data.set_aside import set_aside
from workbench.host.data.volume import read_volume
from workbench.host.people import kept_crontabs
from workbench.host.people.register import FIRST_ID
from workbench.host.people.register import LAST_ID

SAVED = places.ACCOUNTS / "accounts.json"
# As they were before the last change.
BEFORE = places.ACCOUNTS / "accounts.before.json"
# On the server's own disk: a new server hasn't it, and must restore before it may save.
RESTORED = places.STATE / "accounts-restored"
# On the volume: which restore was the last. Where two servers take turns with it, the one that
# comes back has accounts of yesterday.
LAST_RESTORE = places.ACCOUNTS / "last-restore"
# Made by Systems Manager's agent at the first session on a server, with the next id that is free:
# nobody's account, and in a new server's way when it has a person's id.
AGENT_ACCOUNT = "ssm-user"


class AccountsError(Exception):
    """The accounts can't be restored; the message is one plain sentence."""


@dataclass(frozen=True)
class Group:
    """A group of people."""

    name: str
    gid: int


@dataclass(frozen=True)
class Person:
    """An account as passwd, group and shadow tell it; ``expires`` in days since 1970, or ''."""

    name: str
    uid: int
    gid: int
    comment: str
    home: str
    shell: str
    password: str
    expires: str
    groups: tuple[str, ...]


def present(administrator: str) -> dict[str, object]:
    """Return the server's accounts and groups, but for the administrator's and the agent's."""
    shadow, others = read_shadow(), {administrator, AGENT_ACCOUNT}
    people = [
        Person(
            entry.pw_name,
            entry.pw_uid,
            entry.pw_gid,
            entry.pw_gecos,
            entry.pw_dir,
            entry.pw_shell,
            *shadow[entry.pw_name],
            _groups_of(entry.pw_name),
        )
        for entry in pwd.getpwall()
        if FIRST_ID <= entry.pw_uid <= LAST_ID and entry.pw_name not in others
    ]
    groups = [
        Group(entry.gr_name, entry.gr_gid)
        for entry in grp.getgrall()
        if FIRST_ID <= entry.gr_gid <= LAST_ID and entry.gr_name not in others
    ]
    return {
        "people": sorted((asdict(person) for person in people), key=lambda entry: entry["uid"]),
        "groups": sorted((asdict(group) for group in groups), key=lambda entry: entry["gid"]),
    }


def read_shadow() -> dict[str, tuple[str, str]]:
    """Return each account's password hash, and when it expires, as ``Person`` has them."""
    return dict(_shadow_line(line) for line in Path("/etc/shadow").read_text().splitlines())


def is_restored() -> bool:
    """Say whether this server has taken the accounts of this very volume, and no other since."""
    return RESTORED.is_file() and RESTORED.read_text() == _restore_of(read_volume().id)


def _restore_of(volume: str) -> str:
    return f"{volume} {LAST_RESTORE.read_text()}" if LAST_RESTORE.is_file() else volume


def is_saved() -> bool:
    """Say whether the volume has the server's accounts as they are."""
    administrator = read_volume().administrator
    return _are_accounts_saved(administrator) and kept_crontabs.is_saved(administrator)


def _are_accounts_saved(administrator: str) -> bool:
    return SAVED.is_file() and SAVED.read_text() == _text(present(administrator))


def save() -> None:
    """Write the server's accounts to the volume."""
    # A new server that saved before it restored would forget everyone. Again and again: systemd
    # doesn't look at the files while this runs (github.com/systemd/systemd/issues/5770).
    while is_restored() and os.path.ismount(places.DATA) and not is_saved():
        administrator = read_volume().administrator
        if not _are_accounts_saved(administrator):
            _write_saved(administrator)
        kept_crontabs.save(administrator)


def _write_saved(administrator: str) -> None:
    SAVED.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    temporary = SAVED.with_suffix(f".{os.getpid()}")
    if _read(SAVED) is not None:
        shutil.copy2(SAVED, BEFORE)
    try:
        with open(temporary, "w", opener=_private) as file:
            file.write(_text(present(administrator)))
            file.flush()
            os.fsync(file.fileno())
        temporary.rename(SAVED)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise


def _read(path: Path) -> dict[str, list[dict[str, Any]]] | None:
    """Return the accounts in a file; None where it is missing or damaged."""
    try:
        found = json.loads(path.read_text())
        for person in found["people"]:
            Person(**person)
        for group in found["groups"]:
            Group(**group)
    except (OSError, ValueError, LookupError, TypeError):
        return None
    return dict(found)


def _read_saved() -> dict[str, list[dict[str, Any]]]:
    """Return the volume's accounts; those before the last change where that is damaged.

    Without either, homes still tell whose they are, and everyone gets a new password.
    """
    saved = _read(SAVED)
    if saved is None and SAVED.is_file():
        set_aside(SAVED, "no accounts in it")
        saved = _read(BEFORE)
    return saved or {"people": [], "groups": []}


def restore() -> None:
    """Create the volume's accounts on this server."""
    saved = _read_saved()
    for group in saved["groups"]:
        if group["name"] != AGENT_ACCOUNT:
            _restore_group(Group(**group))
    for person in saved["people"]:
        if person["name"] != AGENT_ACCOUNT:
            _restore_person(Person(**(person | {"groups": tuple(person["groups"])})))
    # The files have the uids that people have now.
    kept_crontabs.restore(read_volume().administrator)
    LAST_RESTORE.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    LAST_RESTORE.write_text(uuid.uuid4().hex)
    RESTORED.parent.mkdir(parents=True, exist_ok=True)
    RESTORED.write_text(_restore_of(read_volume().id))


def _restore_group(group: Group) -> None:
    taken = next((entry.gr_name for entry in grp.getgrall() if entry.gr_gid == group.gid), None)
    if taken == AGENT_ACCOUNT:
        _run("groupmod", "--gid", str(_free_id()), AGENT_ACCOUNT)
        taken = None
    if taken is None:
        _run("groupadd", "--gid", str(group.gid), group.name)
    elif taken != group.name:
        raise AccountsError(
            f"the group {group.name} can't get its id {group.gid} back: {taken} has it"
        )


def _restore_person(person: Person) -> None:
    taken = next((entry.pw_name for entry in pwd.getpwall() if entry.pw_uid == person.uid), None)
    if taken == AGENT_ACCOUNT:
        _run("usermod", "--uid", str(_free_id()), AGENT_ACCOUNT)
        taken = None
    if taken is None:
        _create(person)
    elif taken != person.name:
        raise AccountsError(
            f"the account {person.name} can't get its id {person.uid} back: {taken} has it"
        )
    # The hash goes through standard input: everyone can read a program's arguments.
    subprocess.run(
        ["chpasswd", "--encrypted"],
        input=f"{person.name}:{person.password}\n",
        text=True,
        check=True,
    )
    groups = [name for name in person.groups if _exists(name)]
    if groups:
        _run("usermod", "--append", "--groups", ",".join(groups), person.name)
    _run("usermod", "--expiredate", person.expires, person.name)


def _create(person: Person) -> None:
    ids = ("--uid", str(person.uid), "--gid", str(person.gid))
    about = ("--comment", person.comment, "--home-dir", person.home, "--shell", person.shell)
    _run("useradd", "--no-create-home", *ids, *about, person.name)


def _free_id() -> int:
    """Return an id for the agent's account that is no person's."""
    ids = {entry.pw_uid for entry in pwd.getpwall()} | {entry.gr_gid for entry in grp.getgrall()}
    return next(number for number in range(FIRST_ID - 1, 0, -1) if number not in ids)


def _run(*command: str) -> None:
    subprocess.run(command, check=True)


def _exists(group: str) -> bool:
    return any(entry.gr_name == group for entry in grp.getgrall())


def _groups_of(name: str) -> tuple[str, ...]:
    return tuple(sorted(entry.gr_name for entry in grp.getgrall() if name in entry.gr_mem))


def _shadow_line(line: str) -> tuple[str, tuple[str, str]]:
    fields = line.split(":")
    return fields[0], (fields[1], fields[7])


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _text(accounts: dict[str, object]) -> str:
    return json.dumps(accounts, indent=1) + "\n"


if __name__ == "__main__":
    try:
        {"save": save, "restore": restore}[sys.argv[1]]()
    except OSError as error:
        sys.exit(explain(error, places.ACCOUNTS, "the accounts are not saved for the next server"))
    except (AccountsError, subprocess.CalledProcessError) as error:
        sys.exit(str(error))
