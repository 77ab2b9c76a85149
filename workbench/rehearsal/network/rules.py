"""Say which port of a public address leads where, for whom, and where it really answers."""

import ipaddress
from collections.abc import Iterable
from collections.abc import Iterator
from dataclasses import dataclass
from dataclasses import replace

Key = tuple[str, int]


@dataclass(frozen=True)
class Rule:
    """One TCP port of an instance's public address, who may reach it, and where it leads.

    ``cidrs`` are the address blocks (IPv4 or IPv6) a peer must come from. Where ``is_told``, the
    target is told first whose connection it is (HAProxy's PROXY protocol, as a load balancer's
    proxy takes it); else it sees this computer's address only. After ``idle`` seconds in which
    nothing was sent either way, a connection ends; None is never.
    """

    listen_ip: str
    listen_port: int
    cidrs: tuple[str, ...]
    target_ip: str
    target_port: int
    is_told: bool = False
    idle: float | None = None

    @property
    def key(self) -> Key:
        """What tells one listener from another."""
        return (self.listen_ip, self.listen_port)

    def allows(self, peer: str) -> bool:
        """Whether a peer's address lies in one of the rule's blocks."""
        address = ipaddress.ip_address(peer.partition("%")[0])
        if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
            address = address.ipv4_mapped
        return any(address in ipaddress.ip_network(cidr, strict=False) for cidr in self.cidrs)


@dataclass(frozen=True)
class Listening:
    """Where a rule really answers: ``port`` differs from the rule's when that one was taken.

    ``port`` is None, and ``problem`` says why, when it answers nowhere. ``taken_by`` names
    the process that holds the rule's own port, where that could be told.
    """

    rule: Rule
    ip: str
    port: int | None
    taken_by: str | None = None
    problem: str | None = None


def merged(rules: Iterable[Rule]) -> Iterator[Rule]:
    """Return one rule for each port, open to all that any of its rules allows."""
    by_port: dict[Key, Rule] = {}
    for rule in rules:
        for cidr in rule.cidrs:
            ipaddress.ip_network(cidr, strict=False)  # a wrong one is refused here, as a whole
        before = by_port.get(rule.key)
        if before is None:
            by_port[rule.key] = rule
            continue
        # Several security groups may open the same port: what one of them allows is allowed.
        both = dict.fromkeys((*before.cidrs, *rule.cidrs))
        by_port[rule.key] = replace(before, cidrs=tuple(both))
    yield from by_port.values()
