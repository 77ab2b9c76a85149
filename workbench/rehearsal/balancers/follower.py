"""The proxy follows the API's load balancers, and these follow it: active once it answers."""

import contextlib
import logging
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

from workbench.errors import WorkbenchError
from workbench.rehearsal.api.server import Api
from workbench.rehearsal.balancers.configuration import LOOPBACK
from workbench.rehearsal.balancers.configuration import key_of
from workbench.rehearsal.balancers.configuration import write_configuration
from workbench.rehearsal.balancers.front import Certificate
from workbench.rehearsal.balancers.front import Front
from workbench.rehearsal.balancers.front import Reader
from workbench.rehearsal.balancers.front import idle_of
from workbench.rehearsal.balancers.health import HealthChecks
from workbench.rehearsal.balancers.program import ensure_program
from workbench.rehearsal.balancers.proxy import Proxy
from workbench.rehearsal.endpoints import bridge
from workbench.rehearsal.endpoints.ca import CertificateAuthority
from workbench.rehearsal.network.reach import allows_port
from workbench.rehearsal.network.rules import Rule

log = logging.getLogger(__name__)

Key = tuple[str, int, str]


class BalancerFollower:
    """Play all load balancers of a rehearsal with one proxy.

    ``folder`` is for the proxy's log, ``bridge`` the machines' network, on which it has the private
    addresses of load balancers: what their targets see.
    """

    def __init__(
        self,
        api: Api,
        authority: CertificateAuthority,
        folder: Path,
        bridge: str,
        address_of: Callable[[str], str | None],
    ) -> None:
        self._api = api
        self._authority = authority
        self._bridge = bridge
        self._address_of = address_of
        self._proxy = Proxy(folder)
        self._health = HealthChecks()
        self._issued: dict[str, tuple[str, str]] = {}
        # The ports of loopback that the proxy listens on, and those of them that answer by now.
        self._ports: dict[Key, int] = {}
        self._answering: dict[Key, int] = {}
        self._addresses: set[str] = set()
        self._loaded: dict[str, Any] | None = None

    def follow(self) -> None:
        """Take the proxy to what the API says, and look at targets that are due."""
        with self._api.lock:
            balancing = self._api.balancing
            is_wanted = bool(balancing.load_balancers)
            fronts = Reader(self._api.ec2, balancing, self._address_of).fronts()
        if not is_wanted and not self._proxy.running:
            return
        try:
            self._take_addresses(fronts)
            self._check(fronts)
            if not self._proxy.running:
                self._proxy.start(ensure_program())
                self._loaded = None
            self._load(fronts)
        except WorkbenchError as error:
            log.exception("the load balancers aren't played")
            self._mark("failed", f"{error.message} {error.hint}".strip())
        else:
            self._mark("active")

    def _mark(self, state: str, reason: str = "") -> None:
        with self._api.lock:
            for balancer in self._api.balancing.load_balancers.values():
                if balancer.state != state and (state == "active" or balancer.state != "active"):
                    balancer.state, balancer.reason = state, reason
                    self._api.note_change()

    def _take_addresses(self, fronts: list[Front]) -> None:
        wanted = {node.private_ip for front in fronts for node in front.nodes}
        for address in wanted - self._addresses:
            bridge.add_address(self._bridge, address)
        for address in self._addresses - wanted:
            bridge.remove_address(self._bridge, address)
        self._addresses = wanted

    def _check(self, fronts: list[Front]) -> None:
        for front in fronts:
            group = front.action.group
            if group is None or not front.nodes:
                continue
            found = self._health.check(group, front.nodes[0])
            with self._api.lock:
                kept = self._api.balancing.target_groups.get(group.arn)
                if kept is not None and getattr(kept, "health", None) != found:
                    kept.health = found
                    self._api.note_change()

    def _load(self, fronts: list[Front]) -> None:
        keys = [key_of(front, node) for front in fronts for node in front.nodes]
        self._ports = {key: self._ports.get(key) or _free_port() for key in keys}
        configuration = write_configuration(fronts, self._ports, self._health.upstreams, self._pem)
        if configuration != self._loaded:
            try:
                self._proxy.load(configuration)
            except WorkbenchError:
                # Another program may have taken a port meanwhile.
                self._ports = {}
                raise
            self._loaded = configuration
            self._answering = dict(self._ports)
            self._api.changed.set()

    def _pem(self, certificate: Certificate) -> tuple[str, str]:
        """Return chain and key: as imported, else by the rehearsal's own authority."""
        if certificate.chain:
            return certificate.chain, certificate.key
        if certificate.tag not in self._issued:
            chain, key = self._authority.issue(certificate.names)
            self._issued[certificate.tag] = chain.decode(), key.decode()
        return self._issued[certificate.tag]

    def rules(self) -> list[Rule]:
        """Return a rule for each port that a load balancer's security groups open.

        The API's lock is held.
        """
        ec2, balancing = self._api.ec2, self._api.balancing
        return [
            Rule(
                interface.public_ip,
                int(listener.port),
                (cidr,),
                LOOPBACK,
                port,
                is_told=True,
                idle=idle_of(balancer),
            )
            for balancer in balancing.load_balancers.values()
            for interface in balancing.interfaces(balancer)
            if interface.public_ip and ec2.route_to_internet(interface.subnet.id, interface.vpc_id)
            for listener in balancer.listeners.values()
            if (
                port := self._answering.get(
                    (balancer.arn, int(listener.port), interface.private_ip_address)
                )
            )
            for group in interface.group_set
            for rule in group.ingress_rules
            if (cidr := rule.cidr_ipv4 or rule.cidr_ipv6) and allows_port(rule, int(listener.port))
        ]

    def stop(self) -> None:
        """End the proxy, and take the addresses off the bridge. Twice is fine."""
        self._proxy.stop()
        self._take_addresses([])


def _free_port() -> int:
    with contextlib.closing(socket.socket()) as found:
        found.bind((LOOPBACK, 0))
        return int(found.getsockname()[1])
