"""Who is signed in to the server, and what runs for them: seen before anything stops."""

import json
import shlex
import textwrap
from collections.abc import Iterable
from collections.abc import Mapping
from dataclasses import asdict
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from workbench.errors import WorkbenchError
from workbench.host import service_table
from workbench.host.service import Work
from workbench.remote.remote_server import RemoteServer
from workbench.terminal import escape_name
from workbench.terminal import read_json

SCRIPT = "sessions_script.py"
LIMIT = 30.0
# More than these are only counted.
MOST_NAMED = 3
# Of a line about a person, which stands indented in 80 columns.
WIDTH = 74
# Of no service's; a service's own are in its definition.
_WORDS = {"ssh": "SSH session", "background": "program in the background"}
_PLURALS = {"program in the background": "programs in the background"}


@dataclass(frozen=True)
class Activity:
    """What one person has running: its kind, how many, and what they are called.

    The kind is of a service's work or one of ``_WORDS``.
    """

    user: str
    kind: str
    count: int
    names: tuple[str, ...] = ()

    @property
    def is_work(self) -> bool:
        """Whether ending it could lose something; an idle Jupyter server comes back as it was."""
        return all(each.is_work for each in known_work() if each.kind == self.kind)

    @classmethod
    def of_json(cls, fields: Mapping[str, Any]) -> "Activity":
        """Return one from the form that the server and ``as_json`` give it."""
        return cls(fields["user"], fields["kind"], fields["count"], tuple(fields["names"]))

    def as_json(self) -> dict[str, Any]:
        """Return the fields scripts read."""
        return asdict(self) | {"names": list(self.names)}

    def __str__(self) -> str:
        words = _WORDS | {each.kind: each.word for each in known_work()}
        word = words[self.kind]
        if self.count != 1:
            word = _PLURALS.get(word, f"{word}s")
        more = ", …" if len(self.names) > MOST_NAMED else ""
        shown = ", ".join(map(escape_name, self.names[:MOST_NAMED]))
        named = f" ({shown}{more})" if self.names else ""
        return f"{self.count} {word}{named}"


def known_work() -> list[Work]:
    """Return how services' work is recognized, of every service that this computer knows."""
    return [work for service in service_table.every_service() for work in service.work]


def read_activities(server: RemoteServer) -> list[Activity]:
    """Return who has what running, but for the session that asks."""
    script = files("workbench.remote").joinpath(SCRIPT).read_text(encoding="utf-8")
    rules = json.dumps([asdict(each) for each in known_work()])
    # Not through standard input: Invoke writes that a character at a time.
    command = f"sudo -n /usr/bin/python3 -I -c {shlex.quote(script)} {shlex.quote(rules)}"
    answer = server.run(command, limit=LIMIT)
    if not answer.ok:
        raise WorkbenchError(
            f"The server doesn't say who is signed in: {answer.stderr.strip()[-200:]}",
            server.doctor,
        )
    return [Activity.of_json(each) for each in read_json(answer.stdout)]


def describe(activities: Iterable[Activity]) -> list[str]:
    """Return lines for each person: ``ana: 1 SSH session, 2 Jupyter kernels (python, R)``."""
    told: dict[str, list[str]] = {}
    for each in activities:
        told.setdefault(each.user, []).append(str(each))
    return [
        line
        for user, items in sorted(told.items())
        for line in _folded(f"{escape_name(user)}: {', '.join(items)}")
    ]


def _folded(line: str) -> list[str]:
    return textwrap.wrap(line, WIDTH, subsequent_indent="  ", break_on_hyphens=False)
