"""The loop that keeps machines, files and networks as the API says, and the other way round."""

import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from workbench.rehearsal.api.server import Api
from workbench.rehearsal.balancers.follower import BalancerFollower
from workbench.rehearsal.network.forwarder import Forwarder
from workbench.rehearsal.network.packets import PacketRules
from workbench.rehearsal.reconcile.exposure import open_ports
from workbench.rehearsal.reconcile.machines import MachineFollower
from workbench.rehearsal.reconcile.volumes import VolumeFollower
from workbench.rehearsal.reconcile.ways_out import place_machines

log = logging.getLogger(__name__)

# Seconds between looks at the machines when nothing was asked of the API.
INTERVAL = 1.0
# … and when what was asked hasn't been saved yet.
SOON = 0.2
WORKERS = 8
_VOLUMES = "volumes"
_BALANCERS = "load balancers"


class Reconciler:
    """Run the loop in a thread, with one piece of work at a time for each instance.

    ``ports_of`` returns the TCP ports an instance's machine listens on; ``after`` is called
    after each round (to publish, to save).
    """

    def __init__(
        self,
        api: Api,
        instances: MachineFollower,
        volumes: VolumeFollower,
        balancers: BalancerFollower,
        forwarder: Forwarder,
        packets: PacketRules,
        ports_of: Callable[[str], set[int]],
        after: Callable[[], None],
    ) -> None:
        self._api = api
        self._instances = instances
        self._volumes = volumes
        self._balancers = balancers
        self._forwarder = forwarder
        self._packets = packets
        self._ports_of = ports_of
        self._after = after
        self._stopping = threading.Event()
        self._pool = ThreadPoolExecutor(WORKERS, thread_name_prefix="reconcile")
        self._work: dict[str, Future[None]] = {}
        self._thread = threading.Thread(target=self._run, name="reconcile", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End the loop, when the work at hand is done."""
        self._stopping.set()
        self._api.changed.set()
        if self._thread.is_alive():
            self._thread.join()
        self._pool.shutdown()

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._api.changed.wait(SOON if self._api.unsaved else INTERVAL)
            self._api.changed.clear()
            try:
                self.round()
            except Exception:
                # Whatever it was, the next round may do better; a dead loop never does.
                log.exception("a round failed")

    def round(self) -> None:
        """Hand out the work there is, and open and close ports."""
        with self._api.lock:
            instances = self._api.ec2.all_instances()
            if self._api.ec2.settle_network():
                self._api.note_change()
        for instance in instances:
            if instance.state != "terminated":
                self._submit(instance.id, self._instances.follow, instance)
        self._submit(_VOLUMES, self._volumes.follow)
        self._submit(_BALANCERS, self._balancers.follow)
        self._expose()
        self._after()

    def _submit(self, key: str, work: Callable[..., None], *arguments: Any) -> None:
        at_hand = self._work.get(key)
        if at_hand is None or at_hand.done():
            self._work[key] = self._pool.submit(self._do, key, work, arguments)

    def _do(self, key: str, work: Callable[..., None], arguments: tuple[Any, ...]) -> None:
        before = self._marks(arguments)
        try:
            work(*arguments)
        except Exception:
            log.exception("work on %s failed", key)
        if self._marks(arguments) != before:
            self._api.note_change()

    @staticmethod
    def _marks(arguments: tuple[Any, ...]) -> list[str]:
        """Return what tells that work on an instance took it somewhere."""
        return [instance.state for instance in arguments]

    def _expose(self) -> None:
        with self._api.lock:
            rules = open_ports(self._api.ec2, self._instances.addresses.get, self._ports_of)
            placed = place_machines(self._api.ec2, self._instances.addresses.get)
            rules += self._balancers.rules()
        self._packets.apply(placed)
        self._forwarder.apply(rules)
