"""People's Jupyter servers, as systemd runs them for the hub."""

import subprocess
from pathlib import Path

from workbench.host import service_table
from workbench.host.run.pyinfra_typed import Commands
from workbench.host.run.pyinfra_typed import operation

PATTERN = "jupyter-*-singleuser.service"
CADDYFILE = Path("/etc/caddy/Caddyfile")
# As the hub's spawner has it, below /run.
FOLDER = "jupyter/"


@operation
def end_at_ports() -> Commands:
    """End servers that were started at a port, before there were sockets.

    Before the hub restarts: they would keep calling it, with what proves who they are, at a
    port that anyone may take then.
    """
    for unit, folder in _running().items():
        if not folder.startswith(FOLDER):
            yield f"systemctl stop {unit}"


@operation
def lead_away_from_ports() -> Commands:
    """Point a web server that still has ports of before to where the services are going to be.

    Before any of them restarts: who takes such a port would be sent people's passwords.
    """
    text = CADDYFILE.read_text(encoding="utf-8") if CADDYFILE.exists() else ""
    old = {each.former: each.upstream for each in service_table.own_services() if each.former}
    edits = [
        f"s#reverse_proxy {before}#reverse_proxy {after}#"
        for before, after in old.items()
        if f"reverse_proxy {before}" in text
    ]
    if edits:
        yield f"sed -i '{'; '.join(edits)}' {CADDYFILE}; systemctl reload-or-restart caddy.service"


def _running() -> dict[str, str]:
    """Return the servers' units, and the folder in /run that each has."""
    listed = _systemctl("list-units", "--plain", "--no-legend", PATTERN).splitlines()
    units = [line.split()[0] for line in listed]
    return {
        unit: _systemctl("show", "--property=RuntimeDirectory", "--value", unit) for unit in units
    }


def _systemctl(*arguments: str) -> str:
    command = ["systemctl", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
