"""The workbench's people: accounts, membership, sudo and SSH keys."""

import grp
import pwd
from collections.abc import Sequence
from pathlib import Path

from workbench.host import places
from workbench.host.data.identity import save_accounts
from workbench.host.data.quotas import set_limits
from workbench.host.data.storage import make_room
from workbench.host.data.storage import module_command
from workbench.host.people import authorized_keys
from workbench.host.people import known_keys
from workbench.host.people.accounts import read_shadow
from workbench.host.people.closing import CLOSED
from workbench.host.people.closing import close
from workbench.host.people.closing import end_sessions
from workbench.host.people.passwords import passwords
from workbench.host.people.processes import processes
from workbench.host.people.register import COPY
from workbench.host.people.register import FIRST_ID
from workbench.host.people.register import PEOPLE
from workbench.host.people.register import is_readable
from workbench.host.people.register import read_register
from workbench.host.people.register import registered
from workbench.host.people.register import uid_for
from workbench.host.people.sign_ins import note_sign_ins
from workbench.host.people.sudoers import only_administrators
from workbench.host.people.team_folder import team_folder
from workbench.host.run.pyinfra_typed import Commands
from workbench.host.run.pyinfra_typed import StringCommand
from workbench.host.run.pyinfra_typed import operation
from workbench.host.run.pyinfra_typed import step
from workbench.host.settings import Account
from workbench.host.settings import Settings
from workbench.host.system.instance import first_boot_key


@step("Users")
def users(settings: Settings) -> None:
    """Close the accounts of people who are no longer named; make everyone's else."""
    members_group(name="Make the members' group")
    mend_register(name="Have a register of everyone's uid")
    # First: whatever fails below, who was taken out is out.
    close_accounts([user.name for user in settings.users], name="Close accounts not named any more")
    for user in settings.users:
        account(user, name=f"Make the account {user.name}")
        authorize(user, name=f"Authorize {user.name}'s SSH keys")
    only_administrators(settings, name="Let nobody else use sudo")
    note_keys(settings, name="Note whose key is whose")
    passwords(settings)
    note_sign_ins()
    save_accounts(name="Keep the accounts on the data volume")
    team_folder(settings)
    set_limits(settings, name="Limit each person's share of the data volume")
    copy_register(name="Keep a copy of the register")


@operation
def members_group() -> Commands:
    """Make the group whose members may sign in to the services."""
    if not any(entry.gr_name == places.MEMBERS for entry in grp.getgrall()):
        yield f"groupadd --gid {places.MEMBERS_GID} {places.MEMBERS}"


@operation
def mend_register() -> Commands:
    """Write the register again where it is damaged or lost; what is damaged is set aside."""
    if is_readable():
        return
    if PEOPLE.exists():
        yield module_command("people.register", "set-aside")
    yield f"install -d -m 700 {PEOPLE.parent}"
    yield f"echo '{registered(read_register())}' > {PEOPLE}.new && mv {PEOPLE}.new {PEOPLE}"


@operation
def copy_register() -> Commands:
    """Keep the register on the server's own disk, too."""
    if not COPY.is_file() or COPY.read_bytes() != PEOPLE.read_bytes():
        yield f"install -D -m 600 {PEOPLE} {COPY}"


@operation
def account(user: Account) -> Commands:
    """Make a person's account with a home, and its groups."""
    if _is_systems(user.name):
        yield _refuse(f"{user.name} is an account or a group of the system: choose another name")
    yield from _create(user.name)
    yield from _reopen(user.name)
    wanted = places.GROUPS if user.administrator else {places.MEMBERS}
    for group in sorted(wanted):
        if user.name not in _members(group):
            yield f"gpasswd --add {user.name} {group}"
    if not user.administrator:
        yield from _demote(user.name)


def _create(name: str) -> Commands:
    entry, register = _entry(name), read_register()
    number = entry.pw_uid if entry else uid_for(name, register)
    if register.get(name) != number:
        text = registered(register | {name: number})
        yield f"install -d -m 700 {PEOPLE.parent}"
        yield f"echo '{text}' > {PEOPLE}.new && mv {PEOPLE}.new {PEOPLE}"
    home = Path("/home") / name
    if not home.exists():
        yield from make_room()
    if not entry:
        had_home = home.exists()
        yield f"getent group {name} >/dev/null || groupadd --gid {number} {name}"
        create = "--no-create-home" if had_home else "--create-home"
        yield (
            f"useradd {create} --shell /bin/bash --uid {number} --gid {name} {name}"
            f" || {{ groupdel {name}; exit 1; }}"
        )
        if not had_home:
            yield f"chmod 750 {home}"
    elif not Path(entry.pw_dir).exists():
        yield f"mkhomedir_helper {name} 0027"


def _reopen(name: str) -> Commands:
    """Open an account that was closed, with the password it had."""
    password, expires = read_shadow().get(name, ("", ""))
    if expires != CLOSED:
        return
    yield f"usermod --expiredate '' {name}"
    if password.strip("!"):
        yield f"usermod --unlock {name}"


def _demote(name: str) -> Commands:
    is_member = name in _members(places.ADMINISTRATORS)
    if is_member:
        yield f"gpasswd --delete {name} {places.ADMINISTRATORS}"
    # A session keeps the groups it began with, and sudo believes them; and what an administrator
    # left running may be root's.
    entry, group = _entry(name), grp.getgrnam(places.ADMINISTRATORS).gr_gid
    if entry and any(
        each.is_of(entry.pw_uid) and (is_member or group in each.groups) for each in processes()
    ):
        yield from end_sessions(name)


@operation
def authorize(user: Account, without: Sequence[str] = ()) -> Commands:
    """Put a person's public keys into their authorized_keys, as that person."""
    is_there = _entry(user.name) is not None
    if not (is_there and authorized_keys.are_authorized(user.name, user.public_keys, without)):
        yield from make_room()
        yield StringCommand(
            authorized_keys.AS_PERSON.format(name=user.name),
            module_command("people.authorized_keys"),
            _stdin=[*user.public_keys, *(f"-{key}" for key in without)],
        )


@operation
def note_keys(settings: Settings) -> Commands:
    """Note people's keys for good: in another's account they are a way back for who was let go."""
    known = known_keys.read_known()
    now = [(user.name, key) for user in settings.users for key in user.public_keys]
    wanted = known_keys.with_keys(known, now)
    if wanted != known:
        yield f"install -d -m 700 {known_keys.KNOWN.parent}"
        yield StringCommand(
            f"cat > {known_keys.KNOWN}.new && mv {known_keys.KNOWN}.new {known_keys.KNOWN}",
            _stdin=known_keys.as_text(wanted),
        )


def retired(administrator: Account) -> tuple[str, ...]:
    """Return the key that EC2 gave this instance, if it is none of the administrator's any more.

    Each new instance gets it, for good: it was the stack's first, and may have been replaced.
    """
    key = first_boot_key()
    named = {word for each in administrator.public_keys for word in each.split()}
    return () if not key or named & set(key.split()[1:2]) else (key,)


@operation
def close_accounts(named: Sequence[str]) -> Commands:
    """Close the accounts that were made for people who aren't named now; their homes stay."""
    register = read_register()
    for name in sorted(set(register) - set(named)):
        if _entry(name):
            yield from close(name)
    # An account that was made manually stays, but isn't the workbench's.
    for name in sorted(set(_members(places.MEMBERS)) - {*register, *named}):
        yield f"gpasswd --delete {name} {places.MEMBERS}"


def _entry(name: str) -> pwd.struct_passwd | None:
    try:
        return pwd.getpwnam(name)
    except KeyError:
        return None


def _members(group: str) -> list[str]:
    return next((entry.gr_mem for entry in grp.getgrall() if entry.gr_name == group), [])


def _is_systems(name: str) -> bool:
    """Say whether a package has taken the name, for an account or a group."""
    if entry := _entry(name):
        return entry.pw_uid < FIRST_ID
    return any(group.gr_name == name and group.gr_gid < FIRST_ID for group in grp.getgrall())


def _refuse(sentence: str) -> str:
    return f"echo '{sentence}' >&2; exit 1"
