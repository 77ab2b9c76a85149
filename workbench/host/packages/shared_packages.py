"""Packages for everyone: their installation is begun here, and continues on its own."""

import shlex
import subprocess
from pathlib import Path

from workbench.host.package_lists import PackageLists
from workbench.host.packages import everyone
from workbench.host.run.operations import unit_properties
from workbench.host.run.pyinfra_typed import Commands
from workbench.host.run.pyinfra_typed import operation
from workbench.host.run.pyinfra_typed import step
from workbench.host.run.rendering import put_template
from workbench.host.settings import Settings

UNIT = "workbench-packages.service"
UNIT_FILE = Path("/etc/systemd/system") / UNIT


@step("Packages for everyone")
def shared_packages(settings: Settings) -> None:
    """Begin to install what is for everyone; nothing waits for it."""
    put_template(UNIT, UNIT_FILE)
    begin(settings.packages, name="Install them in the background")


@operation
def begin(lists: PackageLists) -> Commands:
    """Start the installation where the server hasn't what these lists say."""
    properties = unit_properties(UNIT)
    if properties["NeedDaemonReload"] == "yes" or properties["LoadState"] == "not-found":
        yield "systemctl daemon-reload"
    if properties["UnitFileState"] != "enabled":
        yield f"systemctl enable {UNIT}"
    runs = _runs()
    if everyone.is_done(lists) or (runs and everyone.is_begun(lists)):
        return
    for state, action in everyone.differences(lists):
        yield tell(state, action)
    # One that runs reads the settings again at its end; stopping it would break off apt.
    if not runs:
        yield f"systemctl reset-failed {UNIT} 2>/dev/null; systemctl restart --no-block {UNIT}"


def tell(state: str, action: str) -> str:
    """Return a command that says what isn't as it should be; a plan says it in these words."""
    return f"echo {shlex.quote(f'{state} -> {action}')}"


def _runs() -> bool:
    """Say whether the installation is at work, and doesn't wait to be tried again."""
    said = subprocess.run(
        ["systemctl", "show", "--property=SubState", "--value", UNIT],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    return said.strip() in ("start", "start-pre", "start-post", "stop", "stop-sigterm")
