"""Where the machines are in their VPCs, what leads out of there, and what is let in."""

from collections.abc import Callable
from collections.abc import Iterator
from typing import Any

from workbench.rehearsal.network.packets import Ingress
from workbench.rehearsal.network.packets import Placed

# An instance in these states has, or will have, a machine that sends packets.
ALIVE = {"pending", "running", "stopping", "shutting-down"}


def place_machines(ec2: Any, address_of: Callable[[str], str | None]) -> list[Placed]:
    """Return each instance's machine, by its first network interface.

    ``address_of`` returns the address of an instance's machine on the bridge.
    """
    found = []
    for instance in ec2.all_instances():
        address = address_of(instance.id) if instance.state in ALIVE else None
        if address is None:
            continue
        interface = instance.nics[0]
        found.append(
            Placed(
                address,
                interface.private_ip_address,
                interface.vpc_id,
                ec2.get_vpc(interface.vpc_id).cidr_block,
                ec2.reaches_internet(interface),
                tuple(group.id for group in interface.group_set),
                tuple(_ingress(interface.group_set)),
            )
        )
    return found


def _ingress(groups: Any) -> Iterator[Ingress]:
    """Return the rules that say which other machines may send something."""
    for group in groups:
        for rule in group.ingress_rules:
            if rule.ip_protocol not in ("tcp", "udp", "icmp", "-1"):
                continue
            ports = None if rule.ip_protocol == "-1" else (int(rule.from_port), int(rule.to_port))
            source = (rule.referenced_group_info or {}).get("GroupId")
            if source or rule.cidr_ipv4:
                yield Ingress(rule.ip_protocol, ports, rule.cidr_ipv4, source)
