"""What checks look at: a stack's outputs, and the ways to reach what it made."""

import re
import socket
from collections.abc import Callable
from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field
from pathlib import Path
from typing import Any
from typing import Protocol

from workbench.configured import Configured
from workbench.errors import WorkbenchError
from workbench.host import service_table
from workbench.host.service import Service

WEB_PORTS = (80, 443)
HOST_LABEL = re.compile(r"(?!.*--)[a-z]([a-z0-9-]*[a-z0-9])?")

Keys = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Address:
    """Where the workbench answers: its public address, and where each port answers there.

    ``ports`` maps a port of the server to the one that points to it from this computer; a port
    that isn't in it points to itself (on AWS, all of them).
    """

    ip: str
    ports: Mapping[int, int] = field(default_factory=dict)

    def port(self, port: int) -> int:
        """Return the port to connect to for a port of the server."""
        return self.ports.get(port, port)


@dataclass(frozen=True)
class HostKeys:
    """A server's SSH host keys: those pinned on this computer, and those its console shows."""

    pinned: Keys
    console: Keys


@dataclass(frozen=True)
class Answer:
    """What a command on the server printed, and its exit code."""

    exit_code: int
    stdout: str
    stderr: str = ""

    @property
    def ok(self) -> bool:
        """Whether the command succeeded."""
        return self.exit_code == 0


class Server(Protocol):
    """The server's shell, as its administrator."""

    def run(self, command: str, *, stdin: str = "", limit: float = 60) -> Answer:
        """Run a command; ``limit`` is in seconds."""
        ...


def _unreachable(*_: str) -> Any:
    # A check's fix: run_checks puts the stack's name in.
    raise WorkbenchError("There is no workbench to reach.", "workbench up --stack {stack}")


@dataclass(frozen=True)
class Target:
    """A workbench to be checked.

    ``outputs`` and ``configured`` are the stack's; ``entrance`` is the load balancer in front of
    the server, if any; ``aws`` makes an AWS client of a service;
    ``server`` connects by SSH, host key verified, as the administrator; ``resolve`` asks for a
    name's addresses; ``password`` returns a user's password where this computer knows it;
    ``ca_certificate`` is the certificate authority to trust, None for the public ones;
    ``host_keys`` returns the server's SSH host keys (type, base64) as pinned here and as its
    console printed them last. Of a lab, ``folder`` has the reader's own files, and ``ssh_folder``
    is where OpenSSH keeps theirs. With ``verified`` nothing is asked of a server whose certificate
    can't be trusted; else only a domain asks for that. ``ssh_proxy`` connects to the server's SSH
    port as the stack has it configured; None where it is reached directly. ``is_public`` is
    whether the server has an address of the internet's; ``own_address`` returns the address that
    another one sees this computer come from.
    """

    stack: str
    outputs: Mapping[str, Any] = field(default_factory=dict)
    address: Address | None = None
    ca_certificate: Path | None = None
    aws: Callable[[str], Any] = _unreachable
    server: Callable[[], Server] = _unreachable
    resolve: Callable[[str], list[str]] = _unreachable
    password: Callable[[str], str | None] = lambda user: None
    host_keys: Callable[[], HostKeys] = _unreachable
    configured: Configured = field(default_factory=lambda: Configured({}))
    verified: bool = False
    folder: Path = Path()
    ssh_folder: Path = Path()
    entrance: Address | None = None
    ssh_proxy: Callable[[], socket.socket] | None = None
    is_public: bool = True
    own_address: Callable[[str], str] = _unreachable

    def output(self, name: str) -> str:
        """Return an output of the stack, as text."""
        value = self.outputs.get(name)
        if value in (None, ""):
            raise WorkbenchError(
                f"The stack {self.stack} has no output {name!r}.",
                f"workbench up --stack {self.stack}",
            )
        return str(value)

    @property
    def where(self) -> Address:
        """The address; raises where there is none."""
        if self.address is None:
            raise WorkbenchError(
                f"The stack {self.stack} has no address.", f"workbench up --stack {self.stack}"
            )
        return self.address

    @property
    def web_address(self) -> Address:
        """Where its pages answer: the server, or a load balancer in front of it."""
        if self.entrance is not None or not self.outputs.get("entrance"):
            return self.entrance or self.where
        raise WorkbenchError(
            f"The load balancer's name, {self.outputs['entrance']}, has no address (yet).",
            f"workbench check --stack {self.stack}   in a minute or two",
        )

    @property
    def names(self) -> list[str]:
        """The names the workbench answers to, its domain first; its address where it has none."""
        names = [str(name) for name in self.outputs.get("names") or []]
        domain = str(self.outputs.get("domain") or "")
        ordered = [domain, *(name for name in names if name != domain)] if domain else names
        return ordered or [self.where.ip]

    @property
    def services(self) -> tuple[Service, ...]:
        """The workbench's services, less those that this computer doesn't know."""
        return service_table.known(self.outputs.get("services"))

    def host_of(self, service: Service) -> str:
        """Return the host name that a service is found at."""
        has_own = service.has_own_host and self._has_host_names
        return f"{service.word}.{self.names[0]}" if has_own else self.names[0]

    @property
    def _has_host_names(self) -> bool:
        return self.configured.host_name_per_user

    @property
    def people_names(self) -> list[str]:
        """The host names of people's own servers, where each has one.

        Less those of accounts whose names aren't a host name's, which the server writes otherwise.
        """
        if not self._has_host_names:
            return []
        plain = [user for user in self.users if HOST_LABEL.fullmatch(user)]
        return [f"{user}.{self.names[0]}" for user in plain]

    @property
    def users(self) -> list[str]:
        """The names of the people who may sign in."""
        users = self.outputs.get("users") or []
        return [str(user["name"] if isinstance(user, Mapping) else user) for user in users]

    def known_people(self) -> list[tuple[str, str]]:
        """Return people with the passwords that this computer knows.

        Nobody where no certificate proves the server: whoever answers there would be told them.
        """
        if not self.outputs.get("domain") and not self.verified:
            return []
        return [(user, secret) for user in self.users if (secret := self.password(user))]
