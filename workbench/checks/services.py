"""The services as systemd has them: running, stopped, crash-looping, given up, masked, gone."""

from collections.abc import Iterable
from collections.abc import Mapping
from dataclasses import dataclass

from workbench.checks.check import Outcome
from workbench.checks.check import failed
from workbench.checks.check import passed
from workbench.checks.server import SERVICES
from workbench.checks.server import read_services
from workbench.checks.target import Server
from workbench.checks.target import Target

# The clock of systemd's stamps. That of /proc/uptime begins later in a container, and in a machine
# of a rehearsal.
CLOCK = "python3 -c 'import time; print(time.monotonic())'"
PROPERTIES = (
    "Id,ActiveState,SubState,LoadState,Result,NRestarts,ExecMainStatus,"
    "ActiveEnterTimestampMonotonic"
)
# A service that systemd had to start again this often, and that ran no longer than this since
# (seconds), is crash-looping although it may be "active" at this very moment.
FEW_RESTARTS = 2
SETTLED = 60.0
LOG_LINES = 40
SHOWN = 160
# What an error looks like in a service's log; else its last line is shown.
WORDS = ("error", "exception", "fail", "denied", "refused", "in use", "no such", "killed")


@dataclass(frozen=True)
class Unit:
    """What systemd says of a unit; ``running`` is for how many seconds it has been active."""

    name: str
    active: str
    sub: str
    load: str
    result: str
    restarts: int
    status: str
    running: float

    @property
    def is_well(self) -> bool:
        """Whether it runs, and not just between two crashes."""
        return self.active == "active" and not self.is_looping

    @property
    def is_looping(self) -> bool:
        """Whether systemd starts it again and again."""
        if self.sub in ("auto-restart", "auto-restart-queued"):
            return True
        return self.restarts >= FEW_RESTARTS and (
            self.active == "activating" or (self.active == "active" and self.running < SETTLED)
        )

    def told(self) -> str:
        """Say what is the matter with it."""
        if self.load == "masked":
            return f"{self.name} is masked: systemd won't start it"
        if self.load == "not-found":
            return f"{self.name} is not installed: systemd doesn't know it"
        if self.is_looping:
            return f"{self.name} crash-loops: restarted {self.restarts} times{self._why}"
        if self.active == "failed":
            return f"{self.name} has failed{self._why}"
        if self.active == "inactive":
            return f"{self.name} is stopped"
        return f"{self.name} is {self.active} ({self.sub})"

    @property
    def _why(self) -> str:
        # Between two crashes the last one's result is gone.
        if self.result == "success":
            return ""
        given_up = ", systemd gave up" if self.active == "failed" and self.restarts else ""
        return f" ({self.result}, exit code {self.status}{given_up})"


def check_services(target: Target) -> Outcome:
    """Check that every service runs, and stays up."""
    services = read_services(target)
    if not services:
        return failed(f"the server lists no services ({SERVICES})")
    server = target.server()
    units = read_units(server, [service["unit"] for service in services])
    down = [unit for unit in units if not unit.is_well and not _is_socket_activated(server, unit)]
    if down:
        return failed("; ".join(f"{unit.told()}{_last_words(server, unit)}" for unit in down))
    return passed(", ".join(f"{service['name']} {service['version']}" for service in services))


def read_units(server: Server, names: Iterable[str]) -> list[Unit]:
    """Return what systemd says of units, in one question."""
    wanted = " ".join(names)
    # By the clock that nobody sets: the time may be set between a service's start and now.
    said = server.run(f"{CLOCK}; systemctl show -p {PROPERTIES} {wanted}").stdout
    now, _, rest = said.partition("\n")
    blocks = [
        dict(row.split("=") for row in block.splitlines())
        for block in rest.split("\n\n")
        if block.strip()
    ]
    return [_unit(block, float(now)) for block in blocks]


def _unit(values: Mapping[str, str], now: float) -> Unit:
    # 0 where it has never run.
    since = int(values["ActiveEnterTimestampMonotonic"]) / 1e6
    return Unit(
        name=values["Id"].removesuffix(".service"),
        active=values["ActiveState"],
        sub=values["SubState"],
        load=values["LoadState"],
        result=values["Result"],
        restarts=int(values["NRestarts"]),
        status=values["ExecMainStatus"],
        running=now - since,
    )


def _is_socket_activated(server: Server, unit: Unit) -> bool:
    """Return whether a socket stands in for it: Ubuntu starts sshd at the first connection."""
    if unit.active != "inactive" or unit.load != "loaded":
        return False
    return server.run(f"systemctl is-active {unit.name}.socket").ok


def _last_words(server: Server, unit: Unit) -> str:
    """Return the line of its log that says most: the last one that speaks of an error."""
    if unit.active == "inactive" or unit.load != "loaded":
        return ""
    # sudo: an administrator need not be in a group that reads the journal.
    # By its own field: what systemd itself says of the unit is in the other properties.
    answer = server.run(
        f"sudo -n journalctl _SYSTEMD_UNIT={unit.name}.service -n {LOG_LINES} --no-pager -o cat"
    )
    lines = [line.strip() for line in answer.stdout.splitlines() if line.strip()]
    telling = [line for line in lines if any(word in line.lower() for word in WORDS)]
    chosen = (telling or lines)[-1:]
    return f": {chosen[0][:SHOWN]}" if chosen else ""
