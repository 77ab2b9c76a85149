"""What a rehearsal's machines find on their network: DNS, metadata, AWS, ACME, packages."""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.route53.models import route53_backends
from werkzeug.exceptions import NotFound
from werkzeug.middleware.shared_data import SharedDataMiddleware

from workbench.rehearsal.api.server import Api
from workbench.rehearsal.endpoints import bridge
from workbench.rehearsal.endpoints.aws import AwsEndpoints
from workbench.rehearsal.endpoints.ca import CertificateAuthority
from workbench.rehearsal.endpoints.instance_credentials import InstanceCredentials
from workbench.rehearsal.endpoints.metadata import MetadataServer
from workbench.rehearsal.endpoints.pebble import ACME_HOST
from workbench.rehearsal.endpoints.pebble import Pebble
from workbench.rehearsal.endpoints.views import Views
from workbench.rehearsal.iam.authorization import Authorizer
from workbench.rehearsal.machines.network import NetworkInfo
from workbench.rehearsal.network.dns import RESOLVER_ADDRESS
from workbench.rehearsal.network.dns import DnsServer
from workbench.rehearsal.network.dns import Listen
from workbench.rehearsal.network.web import WebServer
from workbench.rehearsal.network.zones import Record
from workbench.rehearsal.network.zones import Zone
from workbench.rehearsal.network.zones import read_zones

CA_FILE = "ca.pem"
PACKAGES = "packages"
BALANCERS_ZONE = "elb.amazonaws.com"


@dataclass(frozen=True)
class Places:
    """Where the services answer, as ``rehearsal.json`` says it."""

    dns: str
    acme_directory: str
    packages_url: str


class MachineServices:
    """The services on the machines' network; ``folder`` is the rehearsal's."""

    def __init__(
        self,
        folder: Path,
        api: Api,
        authority: CertificateAuthority,
        instance_at: Callable[[str], str | None],
    ) -> None:
        self._folder = folder
        self._api = api
        self._authority = authority
        self._instance_at = instance_at
        self._pebble: Pebble | None = None
        self._running = ExitStack()

    def start(self, network: NetworkInfo, packages_port: int, say: Callable[[str], None]) -> Places:
        """Start them all; ``say`` is told what is being started.

        What was started before a failure is stopped by ``stop``.
        """
        bridge.add_addresses(network.bridge)
        self._running.callback(bridge.remove_addresses, network.bridge)
        say("DNS and instance metadata")
        dns = self._start_dns(network)
        self._start_metadata(network)
        self._start_endpoints(network)
        say("certificate authority")
        self._pebble = pebble = self._start_pebble(network, dns)
        return Places(dns, pebble.acme_directory, self._start_packages(network, packages_port))

    def take_up_profiles(self) -> bool:
        """Let the certificate authority certify addresses once it can; say whether it does."""
        if self._pebble is None:
            return False
        self._pebble.take_up_profiles()
        return self._pebble.has_profiles

    def stop(self) -> None:
        """Stop them all. Twice is fine."""
        self._pebble = None
        self._running.close()

    def _start_dns(self, network: NetworkInfo) -> str:
        server = DnsServer(self._zones, {ACME_HOST: network.gateway})
        server.start(Listen(RESOLVER_ADDRESS, 53, network.bridge), Listen("127.0.0.1", 0))
        self._running.callback(server.stop)
        address, port = server.addresses[1]
        return f"{address}:{port}"

    def _start_metadata(self, network: NetworkInfo) -> None:
        credentials = InstanceCredentials(DEFAULT_ACCOUNT_ID, self._api.region)
        server = MetadataServer(Views(self._api, self._instance_at).view, credentials)
        server.start(device=network.bridge)
        self._running.callback(server.stop)

    def _start_endpoints(self, network: NetworkInfo) -> None:
        authorizer = Authorizer(DEFAULT_ACCOUNT_ID)
        endpoints = AwsEndpoints(self._api, self._authority, authorizer, self._reaches)
        endpoints.start(device=network.bridge)
        self._running.callback(endpoints.stop)

    def _reaches(self, source: str, host: str) -> bool:
        """Return whether the machine at an address reaches AWS's endpoint by a name."""
        instance_id = self._instance_at(source)
        with self._api.lock:
            instance = self._api.ec2.get_instance_by_id(instance_id) if instance_id else None
            # This computer itself, which gives programs that run on it AWS's names.
            return instance is None or self._api.ec2.reaches_service(instance.nics[0], host)

    def _start_pebble(self, network: NetworkInfo, dns: str) -> Pebble:
        pebble = Pebble(self._folder / "pebble", self._authority, dns)
        pebble.start(network.gateway, self._folder / CA_FILE)
        self._running.callback(pebble.stop)
        return pebble

    def _start_packages(self, network: NetworkInfo, port: int) -> str:
        """Let machines download the files of a folder; return its address."""
        folder = self._folder / PACKAGES
        folder.mkdir(parents=True, exist_ok=True)
        server = WebServer("packages", SharedDataMiddleware(NotFound(), {"/": str(folder)}))
        server.start(network.gateway, port, other=True)
        self._running.callback(server.stop)
        return f"http://{network.gateway}:{server.port}"

    def _zones(self) -> list[Zone]:
        zones: dict[str, Any] = route53_backends[DEFAULT_ACCOUNT_ID]["aws"].zones
        return [*read_zones(list(zones.values())), self._balancers()]

    def _balancers(self) -> Zone:
        """Return AWS's own zone of load balancers' names, which point to all of their nodes."""
        balancing = self._api.balancing
        records = []
        for balancer in list(balancing.load_balancers.values()):
            nodes = balancing.interfaces(balancer)
            addresses = (each.public_ip or each.private_ip_address for each in nodes)
            records.append(Record(balancer.dns_name, "A", 60, tuple(addresses)))
        return Zone(BALANCERS_ZONE, tuple(records))
