"""Which ports of which public addresses are open: security groups, gateways and Elastic IPs."""

from collections.abc import Callable
from collections.abc import Iterator
from typing import Any

from workbench.rehearsal.network.rules import Rule

# A rule for more ports than this opens those that the machine listens on: a listener for each
# of 65,535 would be no different to look at, and cost this computer a lot.
WIDE = 16


def open_ports(
    ec2: Any, address_of: Callable[[str], str | None], ports_of: Callable[[str], set[int]]
) -> list[Rule]:
    """Return a rule for each port that the security groups open on a public address.

    ``address_of`` returns the address of an instance's machine, ``ports_of`` the TCP ports
    that it listens on. An instance in a subnet with no route to an internet gateway has none.
    """
    rules: list[Rule] = []
    for instance in ec2.all_instances():
        target = address_of(instance.id) if instance.state == "running" else None
        if target is None:
            continue
        for interface in instance.nics.values():
            if interface.public_ip and ec2.route_to_internet(interface.subnet.id, interface.vpc_id):
                rules += _rules(interface, instance.id, target, ports_of)
    return rules


def _rules(
    interface: Any, instance_id: str, target: str, ports_of: Callable[[str], set[int]]
) -> Iterator[Rule]:
    for group in interface.group_set:
        for rule in group.ingress_rules:
            cidr = rule.cidr_ipv4 or rule.cidr_ipv6
            if cidr is None:
                continue  # from another security group, or a prefix list: not from outside
            for port in _ports(rule, instance_id, ports_of):
                yield Rule(interface.public_ip, port, (cidr,), target, port)


def _ports(rule: Any, instance_id: str, ports_of: Callable[[str], set[int]]) -> Iterator[int]:
    if rule.ip_protocol == "-1":
        first, last = 1, 65535
    elif rule.ip_protocol == "tcp":
        first, last = int(rule.from_port), int(rule.to_port)
    else:
        return  # UDP isn't forwarded: browsers that HTTP/3 is offered to stay with HTTP/2
    ports = range(max(first, 1), last + 1)
    yield from ports if len(ports) <= WIDE else sorted(ports_of(instance_id) & set(ports))
