"""Who can do more on the server than the configuration says: asked of the server itself."""

import shlex
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import fields

from workbench.checks.check import Outcome
from workbench.checks.check import failed
from workbench.checks.check import passed
from workbench.checks.check import warned
from workbench.checks.target import Server
from workbench.checks.target import Target
from workbench.errors import WorkbenchError
from workbench.terminal import read_json

REPORT = (
    "sudo -n env PYTHONPATH=/opt/workbench/recipe/current"
    " /usr/bin/python3 -m workbench.host.rights.rights"
)
# It looks at every file that may run as root.
LIMIT = 180.0
EVERYBODY = "everybody"
MOST_NAMED = 3


@dataclass(frozen=True)
class Way:
    """What a person can do beyond their rank; ``fix`` is what root types to end it."""

    person: str
    kind: str
    what: str
    fix: str
    sure: bool

    def command(self, stack: str) -> str:
        """Return the command that ends it, or that shows more of it."""
        if not self.fix:
            return f"workbench ssh.connect --stack {stack}"
        as_root = " && ".join(f"sudo {part}" for part in self.fix.split(" && "))
        return f"workbench ssh.connect {shlex.quote(as_root)} --stack {stack}"


class RightsUnknownError(WorkbenchError):
    """The server can't say who has which rights."""


def read_ways(
    server: Server, stack: str, ranks: Mapping[str, str] = {}, *, by_hand: bool = False
) -> tuple[list[Way], list[str]]:
    """Return what people can do beyond their rank, and what couldn't be looked at.

    ``ranks`` are other ranks than some have, ``member`` or ``gone``: what would be left then?
    """
    words = [f"{name}={rank}" for name, rank in ranks.items()] + ["by-hand"] * by_hand
    return _ask(server, stack, words)


def read_ways_of_key(server: Server, stack: str, fingerprint: str) -> list[Way]:
    """Return which accounts a key opens without the configuration's saying so."""
    return _ask(server, stack, ["key", shlex.quote(fingerprint)])[0]


def _ask(server: Server, stack: str, words: Sequence[str]) -> tuple[list[Way], list[str]]:
    answer = server.run(" ".join([REPORT, *words]), limit=LIMIT)
    try:
        found = read_json(answer.stdout)
        known = [each.name for each in fields(Way)]
        ways = [Way(**{name: way[name] for name in known}) for way in found["ways"]]
        return ways, [str(each) for each in found["failed"]]
    except (ValueError, KeyError, TypeError) as error:
        said = (answer.stderr.strip().splitlines() or [str(error)])[-1]
        raise RightsUnknownError(
            f"The server doesn't say who has which rights ({said}).",
            f"workbench up --stack {stack}   brings its recipe up to date",
        ) from error


def check_rights(target: Target) -> Outcome:
    """Check that nobody can do more on the server than the configuration says."""
    ways, missing = read_ways(target.server(), target.stack)
    sure = [way for way in ways if way.sure]
    if sure:
        return failed(_told(sure), sure[0].command("{stack}"))
    if ways:
        return warned(_told(ways), ways[0].command("{stack}"))
    if missing:
        return warned(f"not everything could be checked: {'; '.join(missing)}")
    return passed("nobody can sign in or become root without permission")


def _told(ways: Sequence[Way]) -> str:
    more = f" (and {len(ways) - MOST_NAMED} more)" if len(ways) > MOST_NAMED else ""
    return "; ".join(way.what for way in ways[:MOST_NAMED]) + more
