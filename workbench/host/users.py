"""The workbench's people: accounts, membership, sudo and SSH keys."""

import grp
import json
import pwd
from collections.abc import Sequence
from pathlib import Path

from . import authorized_keys
from . import places
from .accounts import FIRST_ID
from .accounts import LAST_ID
from .identity import save_accounts
from .pyinfra_typed import Commands
from .pyinfra_typed import StringCommand
from .pyinfra_typed import operation
from .pyinfra_typed import step
from .rendering import put_template
from .settings import Account
from .settings import Settings
from .storage import module_command

# Whom the settings named last time: who is gone from them must not stay signed in.
MANAGED = places.ACCOUNTS / "managed.json"
ADMINISTRATORS = "sudo"
EXPIRED = "1970-01-02"


@step("Users")
def users(settings: Settings) -> None:
    """Make everyone's account; close those of people who are no longer named."""
    members_group(name="Make the members' group")
    for user in settings.users:
        account(user, name=f"Make the account {user.name}")
        authorize(user, name=f"Authorize {user.name}'s SSH keys")
    authorize(settings.administrator, name="Authorize the administrator's SSH keys")
    close_accounts([user.name for user in settings.users], name="Close accounts not named any more")
    put_template("workbench-passwd", Path("/usr/local/sbin/workbench-passwd"), mode="755")
    save_accounts(name="Keep the accounts on the data volume")


@operation
def members_group() -> Commands:
    """Make the group whose members may sign in to the services."""
    if not any(entry.gr_name == places.MEMBERS for entry in grp.getgrall()):
        yield f"groupadd --gid {places.MEMBERS_GID} {places.MEMBERS}"


@operation
def account(user: Account) -> Commands:
    """Make a person's account with a home, and its groups."""
    if not (entry := _entry(user.name)):
        number = _free_id()
        yield f"groupadd --gid {number} {user.name}"
        yield (
            f"useradd --create-home --shell /bin/bash --uid {number} --gid {number} {user.name}"
            f" || {{ groupdel {user.name}; exit 1; }}"
        )
        yield f"chmod 750 {Path('/home') / user.name}"
    elif not Path(entry.pw_dir).exists():
        yield f"mkhomedir_helper {user.name} 0027"
    wanted = {places.MEMBERS, ADMINISTRATORS} if user.administrator else {places.MEMBERS}
    for group in sorted(wanted):
        if user.name not in _members(group):
            yield f"gpasswd --add {user.name} {group}"
    if not user.administrator and user.name in _members(ADMINISTRATORS):
        yield f"gpasswd --delete {user.name} {ADMINISTRATORS}"
    if entry and _is_expired(user.name):
        yield f"usermod --expiredate '' {user.name}"


@operation
def authorize(user: Account) -> Commands:
    """Put a person's public keys into their authorized_keys, as that person."""
    if not authorized_keys.are_authorized(user.name, user.public_keys):
        yield StringCommand(
            f"runuser -u {user.name} -- env",
            module_command("authorized_keys"),
            _stdin=list(user.public_keys),
        )


@operation
def close_accounts(names: Sequence[str]) -> Commands:
    """Close the accounts that the settings named before and don't now; their homes stay."""
    before = json.loads(MANAGED.read_text()) if MANAGED.exists() else []
    if before == list(names):
        return
    for name in before:
        if name not in names and _entry(name):
            yield f"usermod --expiredate {EXPIRED} {name}"
            yield f"gpasswd --delete {name} {places.MEMBERS} || true"
            yield f"gpasswd --delete {name} {ADMINISTRATORS} 2>/dev/null || true"
            yield f"loginctl terminate-user {name} 2>/dev/null || true"
            yield f"systemctl stop jupyter-{name}-singleuser.service 2>/dev/null || true"
            yield f"pkill -KILL -u {name} || true"
    yield f"install -d -m 700 {MANAGED.parent}"
    yield f"echo '{json.dumps(list(names))}' > {MANAGED}"


def _entry(name: str) -> pwd.struct_passwd | None:
    try:
        return pwd.getpwnam(name)
    except KeyError:
        return None


def _free_id() -> int:
    """Return an id above all that people have: who was deleted may have left files."""
    ids = [entry.pw_uid for entry in pwd.getpwall()] + [entry.gr_gid for entry in grp.getgrall()]
    return max([FIRST_ID, *(number for number in ids if number <= LAST_ID)]) + 1


def _members(group: str) -> list[str]:
    return grp.getgrnam(group).gr_mem


def _is_expired(name: str) -> bool:
    lines = Path("/etc/shadow").read_text().splitlines()
    return any(line.split(":")[0] == name and line.split(":")[7] == "1" for line in lines)
