"""A port of the server on this computer, by OpenSSH, until Ctrl-C."""

import socket
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from workbench.errors import ConfigError
from workbench.errors import WaitTimeoutError
from workbench.errors import WorkbenchError
from workbench.host import service_table
from workbench.remote.selection import select_stack
from workbench.remote.ssh_target import Door
from workbench.remote.ssh_target import RemoteServer
from workbench.tasks.changes.apply import working_on
from workbench.tasks.ssh.client import explain
from workbench.tasks.ssh.client import refuse_failure
from workbench.tasks.ssh.client import ssh_command
from workbench.waiting import wait_for

HERE = "127.0.0.1"
LIMIT = 30.0
# A browser asks DNS, which has the server's own address.
ELSEWHERE = """\
For this, a browser has to look for {host} on this computer:
  chromium --host-resolver-rules="MAP {host} {here}"
or, for every program: the line "{here} {host}" in /etc/hosts, as long as the tunnel is open."""
INTERVAL = 0.1


@dataclass(frozen=True)
class Service:
    """What listens on the server's own loopback, and the page to begin with."""

    port: int
    page: str = ""

    def url(self, name: str, port: int) -> str:
        """Return where it answers on this computer; for what isn't known, host and port.

        By the workbench's ``name``, which its certificate and its cookies are for.
        """
        return f"https://{name}:{port}{self.page}" if self.page else f"{HERE}:{port}"


WEB_PORT = 443


def services() -> dict[str, Service]:
    """Return what can be named, through the web server: nobody reaches them past it."""
    pages = [each for each in service_table.every_service() if each.path]
    return {each.name: Service(WEB_PORT, str(each.path)) for each in pages}


def find_service(name: str, stack: str) -> Service:
    """Return a service by its name or port."""
    if name in services():
        return services()[name]
    if name.isascii() and name.isdecimal() and 0 < int(name) < 65536:
        return Service(int(name))
    raise ConfigError(
        f"{name!r} is neither a port nor one of {', '.join(services())}.",
        f"workbench ssh.tunnel {next(iter(services()))} --stack {stack}",
    )


def tunnel(name: str, stack: str | None, port: str | None) -> None:
    """Open a tunnel to a service, say where, and hold it until Ctrl-C."""
    service = find_service(name, select_stack(stack))
    local = _free_port(service.port, port)
    with working_on(stack, "ssh.tunnel") as (state, progress), progress.phase("Server"):
        door = state.door()
        _refuse_silent(state.server, service, name, state.stack)
        host = str(state.outputs.get("domain") or HERE)
    with tempfile.TemporaryDirectory(prefix="workbench-ssh-") as folder:
        log = Path(folder) / "log"
        _hold(door, service, local, host, log)
    print("\nThe tunnel is closed.")


def _refuse_silent(server: RemoteServer, service: Service, name: str, stack: str) -> None:
    """Raise where nothing listens on the server's end."""
    told = server.run(f"ss -Hltn sport = :{service.port}")
    if not told.stdout.strip():
        raise WorkbenchError(
            f"Nothing listens on port {service.port} of the server ({name}).",
            f"workbench doctor --stack {stack}",
        )


def _hold(door: Door, service: Service, local: int, host: str, log: Path) -> None:
    forward = f"{HERE}:{local}:{HERE}:{service.port}"
    alive = ("-o", "ServerAliveInterval=15", "-o", "ServerAliveCountMax=4")
    options = ("-N", "-o", "ExitOnForwardFailure=yes", *alive, "-L", forward)
    process = subprocess.Popen(
        ssh_command(door, *options, log=log), stdin=subprocess.DEVNULL, start_new_session=True
    )
    try:
        _await_open(process, local, log, door)
        where = f"{service.url(host, local)} points to port {service.port} of the server"
        print(f"{where}, until Ctrl-C.", flush=True)
        if service.page and host != HERE and not host.endswith(".localhost"):
            print(ELSEWHERE.format(host=host, here=HERE), flush=True)
        process.wait()
        refuse_failure(_read(log), door)
    except KeyboardInterrupt:
        return
    finally:
        process.terminate()
        process.wait()


def _await_open(process: "subprocess.Popen[bytes]", port: int, log: Path, door: Door) -> None:
    def connect() -> bool:
        if process.poll() is not None:
            raise explain(_read(log), door)
        socket.create_connection((HERE, port), timeout=1).close()
        return True

    try:
        wait_for(connect, LIMIT, INTERVAL, again=OSError)
    except OSError:
        raise WaitTimeoutError(
            f"The tunnel was not open after {LIMIT:.0f} s.",
            f"workbench doctor --stack {door.stack}",
        ) from None


def _free_port(wanted: int, given: str | None) -> int:
    """Return a port of this computer that is free: the one given, else the server's, else any."""
    for port in [wanted, 0] if given is None else _as_port(given):
        try:
            with socket.create_server((HERE, port)) as free:
                found: int = free.getsockname()[1]
                return found
        except OSError:
            continue
    raise ConfigError(f"Port {given} on this computer can't be used.", "--port 0 uses a free one")


def _as_port(given: str) -> list[int]:
    is_port = given.isascii() and given.isdecimal() and int(given) < 65536
    return [int(given)] if is_port else []


def _read(log: Path) -> str:
    return log.read_text(encoding="utf-8", errors="replace") if log.exists() else ""
