"""Whose processes listen where the services should: nobody stands in a service's place."""

import re
from collections.abc import Iterator
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from workbench.checks.check import Outcome
from workbench.checks.check import failed
from workbench.checks.check import passed
from workbench.checks.server import read_services
from workbench.checks.server import unit_file
from workbench.checks.target import Target

# sudo: who listens is told to everyone, but not which of another's processes it is.
LISTENERS = "sudo -n ss -Hltnxp"
PROCESSES = "sudo -n ps -eo pid=,uid=,user:32=,unit:80=,comm="
# Below are the system's own accounts, and systemd's for one run of a service (DynamicUser=) above.
# systemd.io/UIDS-GIDS
PEOPLE = range(1000, 60000)
# systemd itself listens for a service that it starts with the first connection.
SYSTEMD = 1
_PID = re.compile(r"\bpid=(\d+)")


@dataclass(frozen=True)
class Process:
    """A process, and the unit that it belongs to."""

    pid: int
    uid: int
    user: str
    unit: str
    program: str

    def belongs_to(self, unit: str) -> bool:
        """Return whether it is the service's own; people's sessions may be in its unit, too."""
        return self.pid == SYSTEMD or (self.uid not in PEOPLE and self.unit == unit)

    def __str__(self) -> str:
        return f"{self.program} of {self.user} (pid {self.pid})"


def check_holders(target: Target) -> Outcome:
    """Check that each service has its own ports and sockets."""
    said = target.server().run(f"{LISTENERS}; echo; {PROCESSES}").stdout
    listeners, _, processes = said.partition("\n\n")
    holders = _holders(listeners, _processes(processes))
    wrong: list[str] = []
    intruders: dict[int, None] = {}
    for service in read_services(target):
        unit = unit_file(service["unit"])
        for place, shown in _places(service):
            found = holders.get(place, [])
            others = [process for process in found if not process.belongs_to(unit)]
            intruders |= dict.fromkeys(process.pid for process in others)
            if others:
                told = ", ".join(map(str, others))
                wrong.append(f"{service['name']}'s {shown} is taken by {told}")
            elif not found:
                wrong.append(f"nothing listens on {service['name']}'s {shown}")
    kill = f"sudo kill {' '.join(map(str, intruders))}"
    fix = f"workbench ssh.connect '{kill}' --stack {{stack}}" if intruders else ""
    if wrong:
        return failed("; ".join(wrong), fix)
    return passed("each service has its own ports and sockets")


def _places(service: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Give where a service listens, as ``ss`` writes it and as people read it."""
    if port := service.get("port"):
        yield f":{port}", f"port {port}"
    for path in service.get("sockets") or ():
        yield path, path


def _holders(listeners: str, processes: Mapping[int, Process]) -> dict[str, list[Process]]:
    """Return who listens on each port and socket."""
    holders: dict[str, list[Process]] = {}
    for line in filter(None, listeners.splitlines()):
        # Kind, state, two queues, the address, and at the end the processes.
        kind, _, _, _, address, *_ = line.split()
        place = f":{address.rpartition(':')[2]}" if kind == "tcp" else address
        pids = dict.fromkeys(int(pid) for pid in _PID.findall(line))
        known = [processes[pid] for pid in pids if pid in processes]
        holders.setdefault(place, []).extend(known)
    return holders


def _processes(text: str) -> dict[int, Process]:
    rows = [line.split(maxsplit=4) for line in text.splitlines()]
    return {
        int(row[0]): Process(int(row[0]), int(row[1]), *row[2:]) for row in rows if len(row) == 5
    }
