"""SSH keys that open an account other than their owner's; whatever file they are in."""

import pwd
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

from workbench.host.people.authorized_keys import BEGIN
from workbench.host.people.authorized_keys import END
from workbench.host.people.authorized_keys import LARGEST_FILE
from workbench.host.people.authorized_keys import read_file
from workbench.host.people.people import key_of
from workbench.host.rights.rights_server import GONE
from workbench.host.rights.rights_server import People
from workbench.host.rights.rights_server import Server
from workbench.host.rights.rights_server import Way

USUAL = (".ssh/authorized_keys", ".ssh/authorized_keys2")
# EC2's images have the key pair in root's file, with a command that only says who to sign in as.
ONLY_SAYS = "Please login as the user"


def find(server: Server, people: People) -> Iterator[Way]:
    """Give keys in accounts that aren't their owner's."""
    patterns = key_files(server)
    owners = _owners(server, people, patterns)
    for entry in pwd.getpwall():
        for file in _files_of(entry, patterns):
            for data, line in read_keys(server.path(file)):
                yield from _ways(people, entry.pw_name, file, data, line, owners.get(data, set()))


def find_key(server: Server, mark: str) -> Iterator[Way]:
    """Give where a key, by its fingerprint, opens an account without the settings' saying so."""
    patterns = key_files(server)
    for entry in pwd.getpwall():
        for file in _files_of(entry, patterns):
            for data, line in read_keys(server.path(file), besides_ours=True):
                if (key_of(line) or {}).get("fingerprint") == mark:
                    what = f"the key still opens {entry.pw_name}, by {file}"
                    yield Way(entry.pw_name, "key", what, _fix(entry.pw_name, data, file))


def key_files(server: Server) -> tuple[str, ...]:
    """Return where sshd looks for keys, as its configuration has it."""
    for line in server.ask("sshd", "-T").splitlines():
        if line.startswith("authorizedkeysfile "):
            return tuple(dict.fromkeys([*line.split()[1:], *USUAL]))
    return USUAL


def read_keys(path: Path, *, besides_ours: bool = False) -> list[tuple[str, str]]:
    """Return each key of a file: its data, and the line; or those outside our own block only."""
    text = read_file(path, LARGEST_FILE).decode(errors="replace")
    found, ours = [], False
    for line in text.splitlines():
        ours = (ours or line == BEGIN) and line != END
        if ours and besides_ours:
            continue
        words = line.split()
        data = [word for word in words if word.startswith("AAAA")]
        if data and not line.lstrip().startswith("#"):
            found.append((data[0], line.strip()))
    return found


def _files_of(entry: pwd.struct_passwd, patterns: tuple[str, ...]) -> list[str]:
    named = {"%u": entry.pw_name, "%h": entry.pw_dir, "%%": "%", "%U": str(entry.pw_uid)}
    found = []
    for pattern in patterns:
        for sign, value in named.items():
            pattern = pattern.replace(sign, value)
        found.append(pattern if pattern.startswith("/") else f"{entry.pw_dir}/{pattern}")
    return found


def _owners(server: Server, people: People, patterns: tuple[str, ...]) -> dict[str, set[str]]:
    """Return whose a key is: by the settings of now and before, else by whose home it is in."""
    found = {data: set(names) for data, names in people.declared_keys.items()}
    for person in people.everyone.values():
        if not person.home:
            continue
        homes = [f"{person.home}/{each}" for each in patterns if not each.startswith(("/", "%"))]
        public = [f"{person.home}/.ssh/{path.name}" for path in _public(server, person.home)]
        for file in [*homes, *public]:
            for data, _ in read_keys(server.path(file)):
                # Someone else's by the settings: they let them in.
                if data not in people.declared_keys:
                    found.setdefault(data, set()).add(person.name)
    return found


def _public(server: Server, home: str) -> list[Path]:
    try:
        return sorted(server.path(f"{home}/.ssh").glob("*.pub"))
    except OSError:
        return []


def _ways(
    people: People, account: str, file: str, data: str, line: str, owners: set[str]
) -> Iterator[Way]:
    if account in people.valid_keys.get(data, ()) or ONLY_SAYS in line:
        return
    fix = _fix(account, data, file)
    shown = f"{(key_of(line) or {}).get('fingerprint', 'a key')} in {file}"
    others = {people.everyone[name] for name in owners - {account} if name in people.everyone}
    limited = [each for each in others if not people.is_root(each.name)]
    if people.is_root(account):
        for person in limited:
            what = f"a key of {person.name}'s opens {account}: {shown}"
            yield Way(person.name, "key", what, fix)
        if not limited and account not in people.everyone:
            what = f"a key that the configuration doesn't have opens {account}: {shown}"
            yield Way(account, "key", what, fix, sure=account == "root")
        return
    for person in others:
        if person.rank == GONE:
            what = f"a key of {person.name}'s opens {account}: {shown}"
            yield Way(person.name, "key", what, fix)


def _fix(account: str, data: str, file: str) -> str:
    # As the account: its folders may lead root anywhere.
    # A part that needs no quoting: this goes through two shells.
    part = max(re.findall(r"\w+", data), key=len)
    return f"-u {account} sed -i /{part}/d {shlex.quote(file)}"
