"""Where the machines are in their VPCs, and which of them something leads out of."""

from collections.abc import Callable
from typing import Any

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
            )
        )
    return found
