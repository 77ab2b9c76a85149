"""What the search for rights looks at: the server, and the people on it with their rank."""

import grp
import json
import pwd
import subprocess
from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import field
from pathlib import Path

from workbench.host import places
from workbench.host.people.accounts import AGENT_ACCOUNT
from workbench.host.people.accounts import read_shadow
from workbench.host.people.known_keys import read_known
from workbench.host.people.register import FIRST_ID
from workbench.host.people.register import LAST_ID
from workbench.host.people.register import read_register

CLOSED = "1"
SETTINGS = places.CONFIGURATION / "settings.json"
# What the settings make of a person. An account that they don't name is a member's at most.
ADMINISTRATOR, MEMBER, GONE = "administrator", "member", "gone"
# In the place of a name, where it is a way for everyone.
EVERYBODY = "everybody"
LIMIT = 60


@dataclass(frozen=True)
class Way:
    """What someone can do beyond their rank; ``fix`` is what root types to end it.

    One that isn't ``sure`` may well be meant so: someone has to look.
    """

    person: str
    kind: str
    what: str
    fix: str = ""
    sure: bool = True


@dataclass(frozen=True)
class Person:
    """An account of a person's, or what is left of one: then it has no home."""

    name: str
    uid: int
    groups: frozenset[int]
    rank: str
    home: str = ""
    declared: bool = True


@dataclass(frozen=True)
class People:
    """Everyone with a uid of a person's; ``administrator`` is the server's own."""

    administrator: str
    everyone: Mapping[str, Person]
    # A key's data, and whose it is or was by the settings.
    declared_keys: Mapping[str, frozenset[str]] = field(default_factory=dict)
    # Of those, the ones that the settings still have.
    valid_keys: Mapping[str, frozenset[str]] = field(default_factory=dict)
    # Asked about with another rank than they have.
    supposed: frozenset[str] = frozenset()
    # Whether to tell what administrators made, too: one of them leaves.
    look: bool = False

    @property
    def limited(self) -> list[Person]:
        """Those who may not be root."""
        return [each for each in self.everyone.values() if each.rank != ADMINISTRATOR]

    def is_root(self, name: str) -> bool:
        """Say whether an account may be root by right."""
        known = self.everyone.get(name)
        return name in ("root", self.administrator) or bool(known and known.rank == ADMINISTRATOR)


@dataclass(frozen=True)
class Server:
    """The server's files and programs; tests have a folder and answers of their own."""

    root: Path = Path("/")

    def path(self, path: str | Path) -> Path:
        """Return where a file of the server's is."""
        return self.root / str(path).lstrip("/")

    def name(self, path: Path) -> str:
        """Return a file's path on the server."""
        return f"/{path.relative_to(self.root)}"

    def read(self, path: str | Path) -> str:
        """Return a file's text; nothing where there is none."""
        try:
            return self.path(path).read_text(errors="replace")
        except OSError:
            return ""

    def files(self, folder: str, pattern: str = "*") -> list[str]:
        """Return the plain files in a folder, by their paths on the server."""
        return sorted(
            self.name(found) for found in self.path(folder).glob(pattern) if found.is_file()
        )

    def ask(self, *command: str) -> str:
        """Return what a program prints; nothing where it isn't there."""
        try:
            return subprocess.run(
                command,
                capture_output=True,
                text=True,
                errors="replace",
                check=False,
                timeout=LIMIT,
                stdin=subprocess.DEVNULL,
            ).stdout
        except FileNotFoundError:
            return ""

    def packages(self, paths: Sequence[str]) -> dict[str, str]:
        """Return the package of each file that a package brought; one question takes long."""
        if not paths:
            return {}
        # Packages of before the merge of /usr have their files' old names.
        names = {path: path for path in paths}
        names |= {path.removeprefix("/usr"): path for path in paths if path.startswith("/usr/")}
        said = self.ask("dpkg-query", "--search", *names)
        found = {}
        for line in said.splitlines():
            package, _, path = line.partition(": ")
            if path in names and not package.startswith("diversion "):
                found[names[path]] = package
        return found


def included(
    server: Server, first: str, includes: Callable[[Server, str], Iterable[str]]
) -> list[str]:
    """Return a configuration's file and all that it includes; ``includes`` reads a line of one."""
    found: list[str] = []
    waiting = [first]
    while waiting:
        file = waiting.pop()
        if file in found:
            continue
        found.append(file)
        for line in server.read(file).splitlines():
            waiting += includes(server, line)
    return found


def read_people(server: Server, ranks: Mapping[str, str], *, look: bool = False) -> People:
    """Return everyone, ``ranks`` being other ranks for some than they have."""
    settings = json.loads(server.read(SETTINGS))
    administrator = settings["administrator"]["name"]
    named = {user["name"]: user for user in settings["users"]}
    shadow, everyone = read_shadow(), {}
    for entry in pwd.getpwall():
        name = entry.pw_name
        if not FIRST_ID <= entry.pw_uid <= LAST_ID or name in (administrator, AGENT_ACCOUNT):
            continue
        rank = ranks.get(name) or _rank(named.get(name), shadow.get(name, ("", ""))[1])
        groups = _groups(name, entry.pw_gid, without_sudo=name in ranks)
        everyone[name] = Person(name, entry.pw_uid, groups, rank, entry.pw_dir, name in named)
    for name, uid in read_register().items():
        everyone.setdefault(name, Person(name, uid, frozenset(), GONE))
    valid = [settings["administrator"], *settings["users"]]
    known = [(name, key) for name, keys in read_known().items() for key in keys]
    now = [(user["name"], _data(key)) for user in valid for key in user["public_keys"]]
    # Where they are to be gone, so are their keys.
    left = [(name, key) for name, key in now if ranks.get(name) != GONE]
    return People(
        administrator, everyone, _by_key([*known, *now]), _by_key(left), frozenset(ranks), look
    )


def _rank(user: Mapping[str, object] | None, expires: str) -> str:
    if user is None:
        return GONE if expires == CLOSED else MEMBER
    return ADMINISTRATOR if user["administrator"] else MEMBER


def _groups(name: str, first: int, *, without_sudo: bool) -> frozenset[int]:
    member = [each for each in grp.getgrall() if name in each.gr_mem]
    return frozenset(
        [first]
        + [
            each.gr_gid
            for each in member
            if not (without_sudo and each.gr_name == places.ADMINISTRATORS)
        ]
    )


def _data(key: str) -> str:
    return key.split()[1] if len(key.split()) > 1 else key


def _by_key(keys: Sequence[tuple[str, str]]) -> dict[str, frozenset[str]]:
    found: dict[str, frozenset[str]] = {}
    for name, key in keys:
        found[key] = found.get(key, frozenset()) | {name}
    return found
