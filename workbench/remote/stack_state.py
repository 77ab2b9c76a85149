"""What is known of a stack without changing it: outputs, configuration, where it answers."""

import socket
from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING
from typing import Any
from urllib.parse import urlsplit

from workbench.checks.target import Address
from workbench.checks.target import HostKeys
from workbench.checks.target import Target
from workbench.configured import Configured
from workbench.engine.damage import StateDamagedError
from workbench.engine.workbenches import find_workbenches
from workbench.errors import WorkbenchError
from workbench.host.service import Service
from workbench.progress import Progress
from workbench.rehearsal.description import Description
from workbench.rehearsal.names import rehearsal_of
from workbench.remote import passwords
from workbench.remote.console import Console
from workbench.remote.host_keys import KnownHosts
from workbench.remote.host_keys import parse_console
from workbench.remote.instance_connect import tunnel_command
from workbench.remote.key_folder import key_folders
from workbench.remote.private_key import REHEARSAL_KEY
from workbench.remote.private_key import find_private_key
from workbench.remote.selection import find_project
from workbench.remote.selection import running_rehearsal
from workbench.remote.selection import stack_folder
from workbench.remote.ssh_target import Door
from workbench.remote.ssh_target import RemoteServer
from workbench.remote.unreachable import address_towards
from workbench.remote.workbenches import choose
from workbench.remote.workbenches import password_folder
from workbench.waiting import wait_for

if TYPE_CHECKING:
    from workbench.prices import Prices

SSH_PORT, HTTPS_PORT = 22, 443
# Seconds.
PORTS_LIMIT, PORTS_INTERVAL = 10.0, 0.1
# For one answer of a rehearsal's DNS server, in seconds, and how often it is asked.
DNS_LIMIT, DNS_TRIES = 3.0, 2
KNOWN_HOSTS = "known_hosts"


@dataclass
class StackState:
    """One workbench's outputs, its stack's configuration, and their rehearsal (None on AWS).

    ``exists`` tells a stack that was never made, or whose rehearsal is not running, from an
    empty one. ``workbench`` is the workbench's name, empty where the stack doesn't say it;
    ``others`` are the outputs of the stack's other workbenches, by their names.
    """

    stack: str
    outputs: Mapping[str, Any] = field(default_factory=dict)
    config: Mapping[str, str] = field(default_factory=dict)
    rehearsal: Description | None = None
    exists: bool = True
    workbench: str = ""
    others: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    @cached_property
    def folder(self) -> Path:
        """Where this computer keeps what belongs to the stack."""
        return stack_folder(self.stack)

    @property
    def password_folder(self) -> Path:
        """Where this computer keeps the passwords of the workbench's people (rehearsals only)."""
        return password_folder(self.folder, self.workbench, is_alone=not self.others)

    @property
    def option(self) -> str:
        """The option that names the workbench, where its stack has others."""
        return f" --workbench {self.workbench}" if self.others else ""

    @property
    def configured(self) -> Configured:
        """The configuration as the program reads it."""
        return Configured(self.config)

    @property
    def is_public(self) -> bool:
        """Whether the internet reaches the workbench, by the configuration or else its program."""
        if self.configured.has("public_access"):
            return self.configured.public_access
        return self.outputs.get("public_access") is not False

    @property
    def ssh_proxy_command(self) -> str | None:
        """OpenSSH's ProxyCommand, if any, by the configuration or else the workbench's program."""
        told = self.configured.ssh_proxy_command or self.outputs.get("ssh_proxy_command")
        return str(told) if told else None

    @property
    def tunnel_endpoint(self) -> str:
        """The EC2 Instance Connect Endpoint that SSH goes through; empty where it doesn't.

        A ProxyCommand that someone names comes before it.
        """
        told = self.outputs.get("instance_connect_endpoint")
        return str(told) if told and not self.ssh_proxy_command else ""

    @property
    def is_proxied(self) -> bool:
        """Whether SSH goes by a ProxyCommand: someone's own, or a tunnel."""
        return bool(self.ssh_proxy_command or self.tunnel_endpoint)

    @property
    def administrator_keys(self) -> list[str]:
        """The administrator's public keys; the rehearsal's own where no configuration is at hand.

        A team's fabfile may be in another folder than the stack's program.
        """
        own = self.folder / f"{REHEARSAL_KEY}.pub"
        known = self.configured.all_administrator_keys
        return known or ([own.read_text(encoding="utf-8")] if own.is_file() else [])

    @property
    def key_folders(self) -> list[Path]:
        """The folders with private keys: the stack's own, which a rehearsal has, and ~/.ssh."""
        return [self.folder / "ssh", *key_folders()]

    @property
    def address(self) -> Address | None:
        """The public address, and where its ports answer from this computer."""
        ip = str(self.outputs.get("address") or "")
        return self._at(ip) if ip else None

    @property
    def entrance(self) -> Address | None:
        """An address of the load balancer in front of the workbench, where there is one."""
        front = self.outputs.get("entrance")
        found = self.resolve(str(front)) if front else []
        return self._at(found[0]) if found else None

    def _at(self, ip: str) -> Address:
        ports = self.rehearsal.addresses.get(ip, {}) if self.rehearsal else {}
        return Address(ip, {int(port): where for port, where in ports.items()})

    @property
    def ca_certificate(self) -> Path | None:
        """The authority to trust: the rehearsal's; None where the public ones do."""
        return Path(self.rehearsal.ca_certificate) if self.rehearsal else None

    @property
    def services(self) -> tuple[Service, ...]:
        """The services that people open, less those that this computer doesn't know."""
        return tuple(each for each in self.target().services if each.path)

    def url(self, output: str) -> str | None:
        """Return an output that is a URL, as it opens in a browser on this computer."""
        url = self.outputs.get(output)
        web = self.entrance or self.address
        if not url or web is None:
            return str(url) if url else None
        parts = urlsplit(str(url))
        browser = self.rehearsal.browser.get(web.ip, {}) if self.rehearsal else {}
        port = browser.get(str(HTTPS_PORT), HTTPS_PORT)
        # The browser's port is of this computer, so the stack, which knows none of it, can't say.
        host = parts.hostname if port == HTTPS_PORT else f"{parts.hostname}:{port}"
        return parts._replace(netloc=str(host)).geturl()

    def aws(self, service: str) -> Any:
        """Return the AWS client for the stack's account and region, made at its first use."""
        from workbench.engine.aws import client

        if service not in self._clients:
            self._clients[service] = client(self._provider(service), service)
        return self._clients[service]

    @cached_property
    def _clients(self) -> dict[str, Any]:
        return {}

    def prices(self, *types: str, others: bool = True, asks: bool = True) -> "Prices":
        """Return the prices where the stack is, of instance types and of volumes and the like.

        ``asks``: AWS, for those that aren't known, or not of this week.
        """
        from workbench.engine.aws import client
        from workbench.prices import read_prices

        def pricing(region: str) -> Any:
            return client(
                {**self._provider("pricing"), "aws:region": region}, "pricing", quick=True
            )

        region = str(self.outputs.get("region") or self.config.get("aws:region") or "")
        return read_prices(pricing if asks else None, region, types, others=others)

    def _provider(self, service: str) -> Mapping[str, str]:
        """Return the configuration for a client; a rehearsal's never points to AWS itself."""
        name = rehearsal_of(self.stack)
        if name is None:
            # Where the server is, whatever another terminal's environment has for a region.
            region = str(self.outputs.get("region") or "")
            return {"aws:region": region, **self.config} if region else self.config
        if self.rehearsal is None:
            raise WorkbenchError(
                f"The rehearsal {name!r} is not running.",
                f"workbench rehearsal.start --name {name}",
            )
        return self.rehearsal.provider(service)

    def see_ports(self) -> None:
        """See where the ports of a server that has just started answer.

        A rehearsal's are known while it runs only, some moments after it began to; they are others
        than the server's own where this computer has a service at these.
        """
        if self.rehearsal is None or self.address is None or not self.is_public:
            return
        ip = self.address.ip

        def open_ports() -> "Mapping[str, int] | None":
            self.rehearsal = running_rehearsal(self.stack) or self.rehearsal
            return self.rehearsal.addresses.get(ip) if self.rehearsal else None

        # With every port closed there never are any.
        wait_for(open_ports, PORTS_LIMIT, PORTS_INTERVAL)

    def door(self) -> Door:
        """Return how to get into the server."""
        address, instance = self.address, self.outputs.get("instance_id")
        if address is None or not instance:
            raise WorkbenchError(
                f"The stack {self.stack} has no server.", f"workbench up --stack {self.stack}"
            )
        endpoint, command = self.tunnel_endpoint, self.ssh_proxy_command
        if endpoint:
            config = self._provider("ec2")
            command = tunnel_command(endpoint, str(instance), self.stack, config)
        return Door(
            stack=self.stack,
            instance_id=str(instance),
            host=address.ip,
            # The endpoint is in the server's network, where no port is forwarded.
            port=SSH_PORT if endpoint else address.port(SSH_PORT),
            user=str(self.outputs.get("administrator") or "ubuntu"),
            key=find_private_key(*self.administrator_keys, folders=self.key_folders),
            known_hosts=KnownHosts(self.folder / "ssh" / KNOWN_HOSTS),
            ec2=lambda: self.aws("ec2"),
            proxy_command=command,
            endpoint=endpoint,
        )

    @cached_property
    def server(self) -> RemoteServer:
        """The server's shell; connects at the first use."""
        return self.door().enter()

    def resolve(self, name: str) -> list[str]:
        """Return a name's IPv4 addresses, asked where this stack's names are kept."""
        if self.rehearsal is not None:
            return ask_server(self.rehearsal.dns, name)
        try:
            found = socket.getaddrinfo(name, None, socket.AF_INET, socket.SOCK_STREAM)
        except socket.gaierror:
            return []
        return sorted({str(entry[4][0]) for entry in found})

    def target(self) -> Target:
        """Return what the checks look at."""
        return Target(
            stack=self.stack,
            outputs=self.outputs,
            configured=self.configured,
            address=self.address,
            entrance=self.entrance,
            ca_certificate=self.ca_certificate,
            aws=self.aws,
            server=lambda: self.server,
            resolve=self.resolve,
            password=lambda user: passwords.read_password(self.password_folder, user),
            host_keys=self._host_keys,
            ssh_proxy=(lambda: self.door().greet()) if self.is_proxied else None,
            is_public=self.is_public,
            own_address=address_towards,
        )

    def _host_keys(self) -> HostKeys:
        """Return the host keys as they are pinned and as the console shows them; waits for none."""
        instance = str(self.outputs.get("instance_id") or "")
        console = Console(self.aws("ec2"), instance).read()
        pinned = KnownHosts(self.folder / "ssh" / KNOWN_HOSTS).read(instance)
        return HostKeys(pinned, parse_console(console))

    def close(self) -> None:
        """Close the SSH connection, if there is one."""
        if "server" in self.__dict__:
            self.server.close()


def read_stack(stack: str, progress: Progress) -> StackState:
    """Return what is known of a stack's workbench; an empty state where there is no such stack.

    Only reads, so it is fine while the rehearsal is stopped: its stack's state is in files. Raises
    ConfigError where the stack has several workbenches, and none is named (``naming``).
    """
    found = {state.workbench: state for state in read_each(stack, progress)}
    state = next(iter(found.values()))
    # Where nothing was made, no name can be wrong.
    return found[choose(found, stack)] if state.workbench or state.outputs else state


def read_existing(stack: str, progress: Progress) -> StackState:
    """Return what is known of a stack; raise StackMissingError where there is none.

    A mistyped name is no empty workbench.
    """
    from workbench.engine.failures import StackMissingError

    state = read_stack(stack, progress)
    if not state.exists:
        raise StackMissingError.named(stack)
    return state


def read_each(stack: str, progress: Progress) -> list[StackState]:
    """Return what is known of each of a stack's workbenches; one empty state where it has none."""
    from workbench.engine.stacks import StackMissingError
    from workbench.engine.stacks import open_stack

    rehearsal = running_rehearsal(stack)
    try:
        opened = open_stack(stack, find_project(), progress)
        found, config = find_workbenches(opened.outputs(), stack), opened.get_config()
    except StackMissingError:
        return [StackState(stack, rehearsal=rehearsal, exists=False)]
    except StateDamagedError as error:
        raise _with_what_aws_has(error, stack, progress) from error
    return [
        StackState(
            stack,
            outputs,
            config,
            rehearsal,
            workbench=name,
            others={other: each for other, each in found.items() if other != name},
        )
        for name, outputs in found.items()
    ]


def _with_what_aws_has(
    error: StateDamagedError, stack: str, progress: Progress
) -> StateDamagedError:
    # It asks AWS by what is known of a stack, as all here.
    from workbench.remote.unknown import look_for_unknown

    unknown = look_for_unknown(stack, progress)
    told = f"\n{unknown.told(stack)}" if unknown else ""
    return StateDamagedError(f"{error.message}{told}", error.hint)


def ask_server(server: str, name: str) -> list[str]:
    """Return the IPv4 addresses that ``server`` ("ip:port") has for ``name``."""
    # Part of the rehearsal's extra; on AWS the computer's own resolver is asked.
    from dnslib import DNSRecord

    host, _, port = server.rpartition(":")
    question = DNSRecord.question(name)
    for _ in range(DNS_TRIES):
        try:
            packet = question.send(host, int(port), timeout=DNS_LIMIT)
        except (TimeoutError, OSError):
            continue
        answers = DNSRecord.parse(packet).rr
        return sorted(str(record.rdata) for record in answers if record.rtype == 1)
    raise WorkbenchError(f"The DNS server {server} doesn't answer.", "workbench rehearsal.status")
