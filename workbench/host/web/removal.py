"""Services that are turned off go from the server; their data stays."""

import json
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from workbench.host import service_table
from workbench.host.packages.shared_packages import tell
from workbench.host.run.operations import unit_properties
from workbench.host.run.pyinfra_typed import Commands
from workbench.host.run.pyinfra_typed import operation
from workbench.host.run.pyinfra_typed import step
from workbench.host.settings import Settings
from workbench.host.system import apt
from workbench.host.web.landing import SERVICES

UNITS = Path("/etc/systemd/system")


@step("Services turned off")
def removal(settings: Settings) -> None:
    """Remove what this server has of services that the settings don't name."""
    remove(settings, name="Remove services that are turned off")


@operation
def remove(settings: Settings) -> Commands:
    """Stop each other service, and remove its files; nothing of it is on the data volume."""
    on = [each.name for each in service_table.choose(settings.services)]
    for record in known_services(settings):
        if record["name"] not in on:
            commands = list(removal_commands(record))
            if commands:
                yield tell(
                    f"{record['title']} is turned off", f"remove {record['title']}; its data stays"
                )
            yield from commands


def known_services(settings: Settings) -> list[dict[str, Any]]:
    """Return the services that this server may have: those noted, and all of the table.

    A package that added one may be gone by now: what was noted is enough to remove it.
    """
    noted = json.loads(SERVICES.read_text()) if SERVICES.exists() else []
    # One that a server of before noted has less in it.
    found = {each["name"]: each for each in noted if "files" in each}
    table = [*service_table.own_services(), *service_table.choose(settings.services)]
    found |= {each.name: each.as_record("") for each in table}
    return list(found.values())


def removal_commands(record: dict[str, Any]) -> Iterator[str]:
    """Give the commands that remove a service; none when there is nothing of it."""
    unit, files = record["unit"], [path for path in record["files"] if Path(path).exists()]
    state = unit_properties(unit)
    if state["ActiveState"] in ("active", "activating", "reloading") or (
        state["LoadState"] == "loaded" and state["UnitFileState"] == "enabled"
    ):
        yield f"systemctl disable --now {unit}"
    for pattern in record["stops"]:
        if _runs(pattern):
            yield f"systemctl stop {shlex.quote(pattern)}"
    if record["package"] and apt.installed_versions([record["package"]]):
        yield f"{apt.REMOVE} {record['package']}"
    if files:
        yield f"rm -rf -- {shlex.join(files)}"
    if any(Path(path).is_relative_to(UNITS) for path in files):
        yield "systemctl daemon-reload"


def _runs(pattern: str) -> bool:
    listed = subprocess.run(
        ["systemctl", "list-units", "--plain", "--no-legend", pattern],
        capture_output=True,
        text=True,
        check=False,
    )
    return bool(listed.stdout.strip())
