"""Accounts: with root's number, another's, made manually; groups as good as root; passwords."""

import grp
import pwd
import shlex
from collections import defaultdict
from collections.abc import Iterator
from collections.abc import Sequence

from workbench.host import places
from workbench.host.people.accounts import AGENT_ACCOUNT
from workbench.host.people.processes import processes
from workbench.host.people.register import FIRST_ID
from workbench.host.rights.rights_server import GONE
from workbench.host.rights.rights_server import People
from workbench.host.rights.rights_server import Server
from workbench.host.rights.rights_server import Way

# Whose members are root when they want, and how.
ROOT_GROUPS = {
    "root": "can write root's files",
    "admin": "sudo lets it do everything",
    "adm": "can read every log",
    "disk": "can write disks past all permissions",
    "docker": "can start containers as root",
    "incus-admin": "can start containers as root",
    "kmem": "can read the kernel's memory",
    "libvirt": "can start machines as root",
    "lxd": "can start containers as root",
    "microk8s": "can start containers as root",
    "shadow": "can read all passwords' hashes",
    "staff": "can write the programs in /usr/local",
    "systemd-journal": "can read every log",
    "wheel": "su and polkit let it do everything",
    places.ADMINISTRATORS: "sudo lets it do everything",
}
NO_PASSWORD = ("", "!", "*", "!!", "!*", "x")


def find(server: Server, people: People) -> Iterator[Way]:
    """Give what accounts, groups and passwords allow."""
    yield from _shared_numbers(pwd.getpwall(), people)
    yield from _groups(grp.getgrall(), people)
    yield from _made_by_hand(people)
    yield from _passwords(server)
    yield from _still_running(people)


def _shared_numbers(entries: Sequence[pwd.struct_passwd], people: People) -> Iterator[Way]:
    by_number = defaultdict(list)
    for entry in entries:
        by_number[entry.pw_uid].append(entry.pw_name)
    for number, names in by_number.items():
        for name in names[1:] if number else [each for each in names if each != "root"]:
            as_whom = "root" if number == 0 else names[0]
            if number == 0 or number >= FIRST_ID:
                what = f"the account {name} is {as_whom} by its uid {number}"
                yield Way(name, "account", what, f"userdel --force {shlex.quote(name)}")


def _groups(entries: Sequence[grp.struct_group], people: People) -> Iterator[Way]:
    for entry in entries:
        why = ROOT_GROUPS.get(entry.gr_name if entry.gr_gid else "root")
        if not why:
            continue
        for person in people.limited:
            if entry.gr_gid in person.groups:
                what = f"{person.name} is in the group {entry.gr_name}, which {why}"
                fix = f"gpasswd --delete {person.name} {entry.gr_name}"
                yield Way(person.name, "group", what, fix)


def _made_by_hand(people: People) -> Iterator[Way]:
    for person in people.limited:
        if person.rank != GONE and not person.declared and person.name not in people.supposed:
            what = f"the account {person.name} was created manually, and is active"
            fix = f"usermod --expiredate 1970-01-02 --lock {shlex.quote(person.name)}"
            yield Way(person.name, "account", what, fix, sure=False)


def _passwords(server: Server) -> Iterator[Way]:
    """Give the accounts of the system that have a password: whoever knows it is in."""
    numbers = {entry.pw_name: entry.pw_uid for entry in pwd.getpwall()}
    for line in server.read("/etc/shadow").splitlines():
        name, password = line.split(":")[:2]
        if name == AGENT_ACCOUNT or (numbers.get(name, 0) >= FIRST_ID and password):
            continue
        if not password:
            what = f"{name} has an empty password"
        elif password.startswith("$"):
            what = f"{name} has a password: who knows it can become {name}"
        else:
            continue
        yield Way(name, "password", what, f"usermod --lock {shlex.quote(name)}")
    for line in server.read("/etc/gshadow").splitlines():
        name, password, administrators = line.split(":")[:3]
        if name in ROOT_GROUPS and (password not in NO_PASSWORD or administrators):
            what = f"the group {name} has a password, or someone who adds others to it"
            fix = f"gpasswd --remove-password {name} && gpasswd -A '' {name}"
            yield Way(name, "group", what, fix)


def _still_running(people: People) -> Iterator[Way]:
    gone = [person for person in people.limited if person.rank == GONE]
    for person in gone:
        count = sum(each.is_of(person.uid) for each in processes())
        # Those of someone who is only supposed to be gone end with their account.
        if count and person.name not in people.supposed:
            what = f"{person.name} still has {count} processes"
            yield Way(person.name, "processes", what, f"pkill -KILL -u {person.uid}")
