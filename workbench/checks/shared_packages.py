"""Packages for everyone: installed after the services are up, as far as they can be."""

import json
from dataclasses import dataclass
from typing import Any

from workbench.checks.check import Outcome
from workbench.checks.check import passed
from workbench.checks.check import skipped
from workbench.checks.check import warned
from workbench.checks.target import Server
from workbench.checks.target import Target

FILE = "/var/lib/workbench/packages.json"
UNIT = "workbench-packages"
READ = f"cat {FILE} 2>/dev/null; echo; systemctl show -p SubState --value {UNIT}"
LOGS = "workbench logs packages --stack {stack}"
AGAIN = "workbench converge --stack {stack}"
# A unit of systemd's that is at work, in its own words.
AT_WORK = ("start", "start-pre", "stop", "stop-sigterm")
MOST_NAMED = 3


@dataclass(frozen=True)
class Installation:
    """How far the server is: ``failed`` says which packages couldn't be installed, and why."""

    state: str
    total: int = 0
    done: int = 0
    now: str = ""
    failed: tuple[str, ...] = ()
    seconds: float = 0.0

    def told(self) -> str:
        """Say it in one line."""
        if self.state == "installing":
            count = f" {self.done} of {self.total}" if self.total else ""
            return f"installing{count} ({self.now})"
        if self.state == "interrupted":
            return f"interrupted after {self.done} of {self.total}"
        if self.state == "failed":
            more = len(self.failed) - MOST_NAMED
            named = "; ".join(self.failed[:MOST_NAMED]) + (f" (and {more} more)" * (more > 0))
            return f"{self.total - len(self.failed)} of {self.total} installed; failed: {named}"
        if not self.total:
            return "none are wanted"
        return f"installed ({self.total})"


def read_installation(server: Server) -> Installation:
    """Ask the server."""
    said, _, unit = server.run(READ).stdout.rpartition("\n\n")
    at_work = unit.strip() in AT_WORK
    if not said.strip():
        return Installation("installing", now="about to begin") if at_work else Installation("none")
    values: dict[str, Any] = json.loads(said)
    state = str(values["state"])
    if state == "installing" and not at_work:
        state = "interrupted"
    return Installation(
        state,
        int(values["total"]),
        int(values["done"]),
        str(values["now"]),
        tuple(f"{each['kind']} {each['name']}: {each['why']}" for each in values["failed"]),
        float(values["seconds"]),
    )


def check_shared_packages(target: Target) -> Outcome:
    """Check that what is declared for everyone is installed; the server works without it."""
    found = read_installation(target.server())
    if found.state == "installing":
        return skipped(found.told(), LOGS)
    if found.state == "interrupted":
        return warned(found.told(), AGAIN)
    if found.state == "failed":
        return warned(found.told(), f"{AGAIN}   tries again; or take it out of workbench:packages")
    return passed(found.told())
