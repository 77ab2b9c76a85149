"""People's shares of the server: that the kernel holds to them, who is near, what was ended."""

import json
import time
from dataclasses import dataclass
from typing import Any

from workbench.checks.check import Outcome
from workbench.checks.check import failed
from workbench.checks.check import passed
from workbench.checks.check import warned
from workbench.checks.system import larger_server
from workbench.checks.target import Target
from workbench.errors import WorkbenchError

READ = (
    "sudo -n env PYTHONPATH=/opt/workbench/recipe/current"
    " /usr/bin/python3 -m workbench.host.shares.share_use"
)
GIB = 1 << 30
MOST_TOLD = 3


@dataclass(frozen=True)
class Use:
    """What the server says of people's shares, as ``workbench.host.shares.share_use`` has it."""

    person: dict[str, int]
    missing: list[str]
    reserve: bool
    near: list[dict[str, Any]]
    ended: list[dict[str, Any]]
    guard: str

    def told(self) -> list[str]:
        """Say who is near a limit, and what was ended in the last day."""
        return [*map(_near, self.near), *_ended(self.ended)]


def read_use(target: Target) -> Use:
    """Ask the server."""
    answer = target.server().run(READ)
    if not answer.ok:
        raise WorkbenchError(
            "The server's recipe doesn't have shares yet.",
            f"workbench converge --stack {target.stack}",
        )
    values = json.loads(answer.stdout)
    return Use(**{field: values[field] for field in Use.__dataclass_fields__})


def check_shares(target: Target) -> Outcome:
    """Check that each person is held to their share, and that nobody needs more."""
    use = read_use(target)
    if use.missing:
        return failed(f"the kernel has no limits for: {', '.join(use.missing)}")
    if use.guard != "active":
        return failed(f"workbench-guard is {use.guard}: nothing enforces people's shares")
    kept = "" if use.reserve else "; this kernel can't reserve memory for the system (cgroups v1)"
    told = use.told()
    if told:
        return warned("; ".join(told) + kept, larger_server(target))
    cores = use.person["cpu"] / 100
    said = (
        f"one person may use {_size(use.person['memory'])}, {use.person['tasks']} tasks and"
        f" {cores:g} cores; nobody is close to that"
    )
    return passed(said + kept)


def _near(use: dict[str, Any]) -> str:
    who = use["user"] or "everyone together"
    if use["what"] == "memory":
        return f"{who} uses {_size(use['used'])} of {_size(use['limit'])} memory"
    return f"{who} has {use['used']} of {use['limit']} tasks"


def _ended(kills: list[dict[str, Any]]) -> list[str]:
    newest: dict[str, dict[str, Any]] = {}
    counts: dict[str, int] = {}
    for kill in kills:
        counts[kill["user"]] = counts.get(kill["user"], 0) + 1
        newest[kill["user"]] = kill
    return [_ending(kill, counts[user]) for user, kill in list(newest.items())[-MOST_TOLD:]]


def _ending(kill: dict[str, Any], count: int) -> str:
    when = time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(kill["time"]))
    name = kill["name"] or "a program"
    had = f" ({_size(kill['memory'])})" if kill["memory"] else ""
    often = f", {count} times in a day" if count > 1 else ""
    return f"{name} of {kill['user']}{had} was ended for lack of memory at {when}{often}"


def _size(number: int) -> str:
    return f"{number / GIB:.1f} GiB" if number >= GIB else f"{number >> 20} MiB"
