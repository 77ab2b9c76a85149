"""A running rehearsal, put together: the API, its machines, and what they find around them."""

import logging
import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from urllib.parse import urlsplit

import docker
from docker.errors import DockerException
from moto.core.models import DEFAULT_ACCOUNT_ID

from workbench.places import state_dir
from workbench.rehearsal.api.parameters import publish_images
from workbench.rehearsal.api.saved_state import SavedState
from workbench.rehearsal.api.server import Api
from workbench.rehearsal.api.strictness_instances import set_state
from workbench.rehearsal.balancers.follower import BalancerFollower
from workbench.rehearsal.description import Description
from workbench.rehearsal.description import boot_id
from workbench.rehearsal.description import process_start
from workbench.rehearsal.description import read_description
from workbench.rehearsal.description import rehearsal_dir
from workbench.rehearsal.description import write_description
from workbench.rehearsal.endpoints.ca import ensure_ca
from workbench.rehearsal.endpoints.tunnels import TunnelServer
from workbench.rehearsal.iam.authorization import Authorizer
from workbench.rehearsal.labels import Owner
from workbench.rehearsal.machines.containers import Machines
from workbench.rehearsal.machines.image import ImageInfo
from workbench.rehearsal.machines.network import NetworkInfo
from workbench.rehearsal.machines.network import remove_networks
from workbench.rehearsal.machines.processes import MachineProcesses
from workbench.rehearsal.names import network_name
from workbench.rehearsal.network.dns import RESOLVER_ADDRESS
from workbench.rehearsal.network.forwarder import Forwarder
from workbench.rehearsal.network.packets import PacketRules
from workbench.rehearsal.network.packets import remove_rules
from workbench.rehearsal.reconcile.machines import FAILURES
from workbench.rehearsal.reconcile.machines import MachineFollower
from workbench.rehearsal.reconcile.reconciler import Reconciler
from workbench.rehearsal.reconcile.volumes import VolumeFollower
from workbench.rehearsal.remains import STATE_FILE
from workbench.rehearsal.services import CA_FILE
from workbench.rehearsal.services import MachineServices
from workbench.rehearsal.services import Places
from workbench.rehearsal.volumes.loop_devices import list_loops
from workbench.rehearsal.volumes.loop_devices import remove_loop
from workbench.rehearsal.volumes.sparse_files import Volumes

log = logging.getLogger(__name__)

REGION = "us-east-1"
# Seconds between savings of a state that changes all the time; one takes a twentieth of a second.
SAVE_INTERVAL = 0.2
# Seconds that machines have to stop in order, when the whole rehearsal stops.
STOP_LIMIT = 60


class Cloud:
    """One rehearsal. ``say`` is told what is being started."""

    def __init__(
        self,
        name: str,
        client: docker.DockerClient,
        image: ImageInfo,
        modification_hours: float,
        say: Callable[[str], None],
    ) -> None:
        self._name = name
        self._docker = client
        self._image = image
        self._modification_hours = modification_hours
        self._say = say
        self._folder = rehearsal_dir(name)
        # Addresses that stacks and browsers know by now stay what they were, where they can.
        self._before = read_description(name)
        self._authority = ensure_ca(self._folder / "ca")
        self._machines = Machines(
            client,
            name,
            state_dir(),
            network_name(name),
            image.tag,
            [self._authority.cert_path],
            RESOLVER_ADDRESS,
        )
        self._processes = MachineProcesses(client, name)
        self._volumes = Volumes(client, name, state_dir())
        self._saved = SavedState(self._folder / STATE_FILE)
        self._saved_at = 0.0
        self._published: Description | None = None
        self._running = ExitStack()

    def start(self) -> Description:
        """Start everything; on failure nothing that was started stays."""
        try:
            self._start()
        except BaseException:
            self._running.close()
            raise
        return self._description

    def _start(self) -> None:
        self._say("network")
        self._running.callback(self._tidy_network)
        network = self._machines.ensure_network()
        self._say("AWS API")
        url, images = self._start_api()
        self._follow()
        self._services = services = MachineServices(
            self._folder, self._api, self._authority, self._instances.instance_at
        )
        self._running.callback(services.stop)
        port = _port(self._before.packages_url) if self._before else 0
        places = services.start(network, port, self._say)
        self._description = self._describe(network, url, images, places)
        self._say("tunnels")
        self._description = replace(self._description, tunnel_url=self._start_tunnels())
        self._say("machines")
        self._start_reconciler(network)

    def _start_api(self) -> tuple[str, dict[str, str]]:
        self._api = Api(REGION, self._machines.console)
        if self._saved.exists:
            self._saved.restore()
        self._api.ec2.modification_hours = self._modification_hours
        images = publish_images(self._api.ec2, [self._image.os])
        url = self._api.start(_port(self._before.api_url) if self._before else 0)
        self._running.callback(self._api.stop)
        return url, images

    def _start_tunnels(self) -> str:
        """Serve the tunnels of Instance Connect, to this computer; return their URL."""
        authorizer = Authorizer(DEFAULT_ACCOUNT_ID)
        tunnels = TunnelServer(self._api, authorizer, self._instances.addresses.get)
        self._running.callback(tunnels.stop)
        return tunnels.start(_port(self._before.tunnel_url) if self._before else 0)

    def _follow(self) -> None:
        self._files = VolumeFollower(
            self._api, self._volumes, self._name, self._folder / "snapshots"
        )
        self._instances = MachineFollower(
            self._api,
            self._machines,
            self._volumes,
            self._name,
            make_volume=self._files.make,
            booted=self._processes.booted,
        )
        for instance in self._api.ec2.all_instances():
            if instance.state == "terminated":
                continue
            self._instances.note_address(instance.id)
            if instance.state == "running" and self._machines.state(instance.id) != "running":
                # It ran when the rehearsal, or this computer, was stopped: it continues.
                set_state(instance, "pending")

    def _describe(
        self, network: NetworkInfo, url: str, images: dict[str, str], places: Places
    ) -> Description:
        return Description(
            name=self._name,
            pid=os.getpid(),
            process_start=process_start(os.getpid()) or 0,
            boot_id=boot_id(),
            api_url=url,
            region=REGION,
            network_gateway=network.gateway,
            bridge=network.bridge,
            acme_directory=places.acme_directory,
            acme_root=str(self._authority.cert_path),
            ca_certificate=str(self._folder / CA_FILE),
            dns=places.dns,
            packages_url=places.packages_url,
            images=images,
        )

    def _start_reconciler(self, network: NetworkInfo) -> None:
        self._running.callback(remove_rules, network.bridge, network.gateway)
        self._forwarder = Forwarder(self._before.browser if self._before else None)
        self._running.callback(self._forwarder.stop)
        balancers = BalancerFollower(
            self._api,
            self._authority,
            self._folder / "balancers",
            network.bridge,
            self._instances.addresses.get,
        )
        self._running.callback(balancers.stop)
        self._reconciler = Reconciler(
            self._api,
            self._instances,
            self._files,
            balancers,
            self._forwarder,
            PacketRules(network.bridge, network.gateway),
            self._processes.listening_ports,
            self._after_round,
        )
        self._running.callback(self._reconciler.stop)
        # The first round here: once this returns, the description is there to be read.
        self._reconciler.round()
        self._reconciler.start()

    def _after_round(self) -> None:
        current = replace(
            self._description,
            addresses=self._forwarder.addresses(),
            browser=self._forwarder.browser(),
            acme_profiles=self._services.take_up_profiles(),
        )
        if current != self._published:
            write_description(current)
            self._published = self._description = current
        if self._api.unsaved and time.monotonic() - self._saved_at > SAVE_INTERVAL:
            self._save()

    def _save(self) -> None:
        self._api.unsaved = False
        try:
            with self._api.lock:
                self._saved.save()
        except RuntimeError:
            # Something that isn't EC2's changed while it was written: the next time, then.
            self._api.unsaved = True
        self._saved_at = time.monotonic()

    def stop(self) -> None:
        """Stop everything, the machines in order, and keep what there is for the next start."""
        # The loop first: it would take a machine that stops now for one that died.
        self._reconciler.stop()
        self._stop_machines()
        for loop in list_loops(self._folder):
            remove_loop(loop)
        self._save()
        self._running.close()

    def _stop_machines(self) -> None:
        running = [
            each for each in self._machines.list() if self._machines.state(each) != "stopped"
        ]
        with ThreadPoolExecutor(max(1, len(running))) as pool:
            list(pool.map(self._stop_machine, running))

    def _stop_machine(self, instance_id: str) -> None:
        try:
            self._machines.stop(instance_id, STOP_LIMIT)
        except FAILURES:
            log.exception("the machine of instance %s doesn't stop", instance_id)

    def _tidy_network(self) -> None:
        """Remove the network, unless a machine has its address from it."""
        try:
            if not self._machines.list():
                remove_networks(self._docker, Owner(self._name, state_dir()))
        except DockerException:
            log.warning("the rehearsal's network stays", exc_info=True)


def _port(url: str) -> int:
    return urlsplit(url).port or 0
