"""pyinfra operations that pyinfra has not: they look at this server, where the recipe runs."""

import subprocess
from collections.abc import Sequence
from datetime import UTC
from datetime import datetime
from pathlib import Path

from workbench.host.run.planning import planning
from workbench.host.run.pyinfra_typed import Commands
from workbench.host.run.pyinfra_typed import operation

TIMESTAMP = "%a %Y-%m-%d %H:%M:%S.%f %Z"
PROPERTIES = (
    "ActiveState,UnitFileState,NeedDaemonReload,LoadState,"
    "StateChangeTimestamp,StateChangeTimestampMonotonic"
)


@operation
def unit(
    unit: str, *, files: Sequence[Path | str] = (), reload_files: Sequence[Path | str] = ()
) -> Commands:
    """Make a systemd unit enabled, running, and not older than the files it reads.

    ``reload_files`` are those that it reads again without a restart.
    Comparing times instead of remembering "changed in this run" also restarts what an
    interrupted converge left with an old configuration.
    """
    state = unit_properties(unit)
    if state["NeedDaemonReload"] == "yes" or state["LoadState"] == "not-found":
        yield "systemctl daemon-reload"
    if state["LoadState"] == "masked":
        yield f"systemctl unmask {unit}; systemctl unmask --runtime {unit}"
    if state["UnitFileState"] not in ("enabled", "static"):
        yield f"systemctl enable {unit}"
    if state["ActiveState"] not in ("active", "reloading"):
        # A unit that failed too often refuses to start until its failures are forgotten.
        planning.note_start(unit)
        yield f"systemctl reset-failed {unit} 2>/dev/null; systemctl start {unit}"
    elif _is_older(state, files):
        yield f"systemctl restart {unit}"
    elif _is_older(state, reload_files):
        yield f"systemctl reload-or-restart {unit}"


@operation
def reloaded(unit: str, *, files: Sequence[Path | str]) -> Commands:
    """Reload a running unit of the distribution's when its files are newer; else leave it.

    Ubuntu starts sshd at the first connection, by a socket.
    """
    state = unit_properties(unit)
    if state["ActiveState"] == "failed":
        yield f"systemctl reset-failed {unit}; systemctl start {unit}"
    elif state["ActiveState"] == "active" and _is_older(state, files):
        yield f"systemctl reload-or-restart {unit}"


@operation
def daemon_reload(units: Sequence[str]) -> Commands:
    """Make systemd read the units' files again when they changed."""
    if any(unit_properties(unit)["NeedDaemonReload"] == "yes" for unit in units):
        yield "systemctl daemon-reload"


def unit_properties(unit: str) -> dict[str, str]:
    """Return what systemd says of a unit."""
    return planning.units.get(unit) or ask_systemd([unit])[unit]


def ask_systemd(units: Sequence[str]) -> dict[str, dict[str, str]]:
    """Return what systemd says of each of the units."""
    output = subprocess.run(
        ["systemctl", "show", "--timestamp=us+utc", f"--property={PROPERTIES}", *units],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    blocks = [block.splitlines() for block in output.strip().split("\n\n")]
    said = [dict(line.split("=", 1) for line in block if "=" in line) for block in blocks]
    return dict(zip(units, said, strict=True))


def changed_at(properties: dict[str, str]) -> float | None:
    """Return when a unit's state last changed (started or reloaded), in seconds since 1970."""
    timestamp = properties["StateChangeTimestamp"]
    if not timestamp or timestamp == "n/a":
        return None
    return datetime.strptime(timestamp, TIMESTAMP).replace(tzinfo=UTC).timestamp()


def changed_on_clock(properties: dict[str, str]) -> float | None:
    """Return when a unit's state last changed, by the monotonic clock (seconds).

    For what is compared with now, or with when a run began: the time may be set meanwhile.
    """
    microseconds = int(properties["StateChangeTimestampMonotonic"])
    return microseconds / 1e6 if microseconds else None


def _is_older(properties: dict[str, str], files: Sequence[Path | str]) -> bool:
    since = changed_at(properties)
    return since is not None and any(
        planning.would_write(path) or (path.exists() and path.lstat().st_mtime > since)
        for path in map(Path, files)
    )
