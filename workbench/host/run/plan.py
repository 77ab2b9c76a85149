"""Say what a converge would change on this server, and change nothing.

Run as ``python -m workbench.host.run.plan SETTINGS`` by the recipe's own Python; prints one JSON
object. The same operations are asked that a converge runs, so it can't forget one.
"""

import contextlib
import fcntl
import hashlib
import json
import os
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from pyinfra.api.output import set_echo
from pyinfra.api.state import State
from pyinfra.api.state import StateStage
from pyinfra.context import ctx_host
from pyinfra.context import ctx_state

from workbench.host.__main__ import LOCK
from workbench.host.data import identity
from workbench.host.data import storage
from workbench.host.packages import manual_packages
from workbench.host.packages import shared_packages
from workbench.host.run import journal
from workbench.host.run.converge import prepare
from workbench.host.run.findings import Finding
from workbench.host.run.findings import find
from workbench.host.run.operations import ask_systemd
from workbench.host.run.planning import planning
from workbench.host.run.progress import SEPARATOR
from workbench.host.run.pyinfra_typed import FileUpload
from workbench.host.settings import Settings
from workbench.host.shares import limits
from workbench.host.system import apt
from workbench.host.system import apt_sources
from workbench.host.system import certificates
from workbench.host.system import metadata
from workbench.host.system import mirrors
from workbench.host.system import network
from workbench.host.system import tools
from workbench.host.web.removal import known_services

# What the recipe's operations ask for one by one; others they ask for all the same.
UNITS = (
    storage.UNIT,
    identity.SAVE_PATH,
    "user.slice",
    "system.slice",
    "systemd-logind.service",
    limits.GUARD,
    metadata.UNIT,
    shared_packages.UNIT,
)


def find_all(settings: Settings) -> Iterator[Finding]:
    """Return what each operation would change, in the recipe's order."""
    yield from _find_tools(settings)
    state = prepare(settings, stage=StateStage.Prepare)
    (host,) = state.inventory
    with ctx_state.use(state), ctx_host.use(host):
        for operation in state.get_op_order():  # type: ignore[no-untyped-call]
            finding = _ask(state, host, operation)
            if finding is not None:
                yield finding


def _find_tools(settings: Settings) -> Iterator[Finding]:
    finding = Finding("Tools", "Trust certificates, install pyinfra and uv")
    if not certificates.are_trusted(settings.ca_certificates):
        finding.add("the certificate authorities differ", "trust the settings' authorities")
    if not apt_sources.are_as_wanted(settings.network):
        finding.add("apt has another mirror or proxy", "use the settings' mirror and proxy")
    if not mirrors.are_as_wanted(settings.network):
        finding.add("pip, uv or npm have other mirrors", "make them use the settings' mirrors")
    if not tools.are_ready():
        finding.add("the recipe's tools have other versions", "install the recipe's tools")
    if finding.state:
        yield finding


def _ask(state: State, host: Any, operation: str) -> Finding | None:
    """Return what an operation would change, None if nothing."""
    step, _, name = next(iter(state.get_op_meta(operation).names)).partition(SEPARATOR)
    try:
        data = state.get_op_data_for_host(host, operation)
        commands = list(data.command_generator())
    except Exception as error:
        # It looks at what an operation before it would have made.
        finding = Finding(step, name)
        finding.add(f"can't be checked yet ({type(error).__name__}: {error})", name)
        return finding
    for command in commands:
        if isinstance(command, FileUpload):
            planning.note_file(command.dest)
    return find(step, name, commands) if commands else None


def plan(path: Path) -> dict[str, Any]:
    """Return the findings, and how the last converge ended."""
    lock = os.open(LOCK, os.O_CREAT | os.O_RDWR, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return {"busy": True}
    content = path.read_bytes()
    settings = Settings.parse(content)
    network.use(settings)
    planning.begin()
    services = known_services(settings)
    planning.units = ask_systemd([*UNITS, *(each["unit"] for each in services)])
    packages = [*apt.PACKAGES, *apt.LATER, *(name for each in services for name in _packages(each))]
    installed = apt.installed_versions(packages)
    planning.packages = {name: installed.get(name) for name in packages}
    findings = [asdict(finding) for finding in find_all(settings)]
    last = json.loads(journal.LAST.read_text()) if journal.LAST.exists() else None
    digest = hashlib.sha256(content).hexdigest()
    return {
        "busy": False,
        "findings": findings,
        "last": last,
        "settings": digest,
        "manual": manual_packages.all_manual(),
    }


def _packages(service: dict[str, Any]) -> list[str]:
    return [*service["apt"], *filter(None, [service["package"]])]


def main() -> None:
    """Print the plan for the settings file named on the command line."""
    set_echo(lambda message=None, **_: None)
    # What operations print on their way is for a converge's log.
    with contextlib.redirect_stdout(sys.stderr):
        planned = plan(Path(sys.argv[1]))
    print(json.dumps(planned))


if __name__ == "__main__":
    main()
