"""Wait until the services answer: a converge that says "done" means that they can be used."""

import http.client
import socket
import time
from pathlib import Path

from workbench.host import service_table
from workbench.host.run.planning import planning
from workbench.host.run.pyinfra_typed import Commands
from workbench.host.run.pyinfra_typed import operation
from workbench.host.run.pyinfra_typed import step
from workbench.host.settings import Settings

SECONDS = 90.0
# In a plan: a unit that was just started may still answer.
PLAN_SECONDS = 10.0


class SocketConnection(http.client.HTTPConnection):
    """HTTP to a service at a socket."""

    def __init__(self, path: Path, timeout: float) -> None:
        super().__init__("localhost", timeout=timeout)
        self._path = path

    def connect(self) -> None:
        """Connect to the socket."""
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))


@step("Services answer")
def health(settings: Settings) -> None:
    """Wait for every service's own answer."""
    for service in service_table.choose(settings.services):
        if service.probe:
            where, page = service.probe.where, service.probe.page
            answers(where, page, service.unit, name=service.title)


@operation
def answers(where: Path | int, page: str, unit: str) -> Commands:
    """Wait for an HTTP answer at a socket or port; fail with the unit's log when there is none."""
    if planning.would_start(unit):
        return
    limit = time.monotonic() + (PLAN_SECONDS if planning.is_active else SECONDS)
    while not is_answering(where, page):
        if time.monotonic() > limit:
            yield (
                f"echo '{unit} does not answer at {where} after {SECONDS:.0f} seconds; its log:'; "
                f"systemctl --no-pager --lines=0 status {unit}; "
                f"journalctl --no-pager --output=cat -n 30 -u {unit}; exit 1"
            )
            return
        time.sleep(0.2)


def is_answering(where: Path | int, page: str) -> bool:
    """Say whether a page at a socket or port is answered by now."""
    if isinstance(where, Path):
        connection: http.client.HTTPConnection = SocketConnection(where, 10)
    else:
        connection = http.client.HTTPConnection("127.0.0.1", where, timeout=10)
    try:
        connection.request("GET", page)
        # A redirect is an answer; what a service that is not ready gives (404, 503) isn't.
        return connection.getresponse().status < 400
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
