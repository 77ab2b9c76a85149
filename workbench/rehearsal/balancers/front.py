"""What a load balancer is to who plays it: read once from the API's state."""

import hashlib
from collections.abc import Callable
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from moto.acm.models import acm_backends
from moto.core.models import DEFAULT_ACCOUNT_ID

from workbench.rehearsal.network.reach import allows_port
from workbench.rehearsal.network.reach import is_in


@dataclass(frozen=True)
class Node:
    """A load balancer in one zone: the address that people reach, and the one that targets see."""

    public_ip: str | None
    private_ip: str


@dataclass(frozen=True)
class Certificate:
    """A listener's certificate: as it was imported, else the names that it is for."""

    arn: str
    names: tuple[str, ...]
    chain: str = ""
    key: str = ""

    @property
    def tag(self) -> str:
        """What the proxy knows it by."""
        return hashlib.sha256(f"{self.arn} {self.chain}".encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Target:
    """An instance's machine, the port that answers there, and whether its groups let that in."""

    instance_id: str
    ip: str
    port: int
    is_open: bool


@dataclass(frozen=True)
class Group:
    """A target group: what is asked of its targets, and which of them get requests."""

    arn: str
    tls: bool
    targets: tuple[Target, ...]
    path: str
    check_port: str
    check_tls: bool
    codes: str
    interval: int
    timeout: int
    healthy_after: int
    unhealthy_after: int


@dataclass(frozen=True)
class Action:
    """What a listener does with a request; ``configuration`` is AWS's own, as pairs."""

    type: str
    configuration: tuple[tuple[str, str], ...] = ()
    group: Group | None = None


@dataclass(frozen=True)
class Front:
    """One port of a load balancer, in all of its zones."""

    balancer: str
    port: int
    tls: bool
    nodes: tuple[Node, ...]
    action: Action
    idle: int
    certificate: Certificate | None = None


class Reader:
    """Read the API's state, whose lock is held.

    ``address_of`` returns the address of an instance's machine.
    """

    def __init__(self, ec2: Any, balancing: Any, address_of: Callable[[str], str | None]) -> None:
        self._ec2 = ec2
        self._balancing = balancing
        self._address_of = address_of

    def fronts(self) -> list[Front]:
        """Return all ports of all load balancers."""
        return [
            self._front(balancer, listener)
            for balancer in self._balancing.load_balancers.values()
            for listener in balancer.listeners.values()
        ]

    def _front(self, balancer: Any, listener: Any) -> Front:
        interfaces = self._balancing.interfaces(balancer)
        nodes = tuple(Node(each.public_ip, each.private_ip_address) for each in interfaces)
        return Front(
            balancer.arn,
            int(listener.port),
            listener.protocol == "HTTPS",
            nodes,
            self._action(listener.default_actions[0].data, balancer, nodes),
            idle_of(balancer),
            _certificate(self._balancing.region_name, listener.certificate),
        )

    def _action(self, data: dict[str, Any], balancer: Any, nodes: tuple[Node, ...]) -> Action:
        kind = data["Type"]
        if kind != "forward":
            found = data.get("RedirectConfig") or data.get("FixedResponseConfig") or {}
            return Action(kind, tuple(sorted((key, str(value)) for key, value in found.items())))
        # It may be said in either way, and moto keeps both as they came.
        several = data.get("ForwardConfig", {}).get("TargetGroups") or [data]
        group = self._balancing.target_groups[several[0]["TargetGroupArn"]]
        return Action(kind, group=self._group(group, balancer, nodes))

    def _group(self, group: Any, balancer: Any, nodes: tuple[Node, ...]) -> Group:
        return Group(
            arn=group.arn,
            tls=group.protocol == "HTTPS",
            targets=tuple(self._targets(group, balancer, nodes)),
            path=group.health_check_path or "/",
            check_port=str(group.health_check_port or "traffic-port"),
            check_tls=group.health_check_protocol == "HTTPS",
            codes=str(group.matcher.get("HttpCode", "200")),
            interval=int(group.health_check_interval_seconds),
            timeout=int(group.health_check_timeout_seconds),
            healthy_after=int(group.healthy_threshold_count),
            unhealthy_after=int(group.unhealthy_threshold_count),
        )

    def _targets(self, group: Any, balancer: Any, nodes: tuple[Node, ...]) -> Iterator[Target]:
        for target in group.targets.values():
            instance_id, port = target["Id"], int(target["Port"] or group.port)
            address = self._address_of(instance_id)
            if address is not None:
                is_open = self._lets_in(instance_id, port, set(balancer.security_groups), nodes)
                yield Target(instance_id, address, port, is_open)

    def _lets_in(
        self, instance_id: str, port: int, groups: set[str], nodes: tuple[Node, ...]
    ) -> bool:
        """Say whether an instance's security groups let a load balancer in."""
        instance = self._ec2.get_instance_by_id(instance_id)
        rules = [
            rule
            for interface in (instance.nics.values() if instance else ())
            for group in interface.group_set
            for rule in group.ingress_rules
            if allows_port(rule, port)
        ]
        return any(
            rule.source_group.get("GroupId") in groups
            or (rule.cidr_ipv4 and all(is_in(each.private_ip, rule.cidr_ipv4) for each in nodes))
            for rule in rules
        )


def idle_of(balancer: Any) -> int:
    """Return the seconds after which a silent connection ends."""
    return int(balancer.attrs.get("idle_timeout.timeout_seconds", 60))


def _certificate(region: str, arn: str | None) -> Certificate | None:
    bundle = acm_backends[DEFAULT_ACCOUNT_ID][region]._certificates.get(arn or "")
    if arn is None or bundle is None:
        return None
    names = tuple(dict.fromkeys([bundle.common_name, *bundle.sans]))
    if bundle.type != "IMPORTED":
        return Certificate(arn, names)
    chain = bundle.cert.strip() + b"\n" + bundle.chain
    return Certificate(arn, names, chain.decode(), bundle.key.decode())
