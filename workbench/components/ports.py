"""More ports that a workbench opens."""

from collections.abc import Sequence
from typing import Any
from typing import NotRequired
from typing import TypedDict

import pulumi

from workbench.components.errors import ArgumentError
from workbench.components.late import each
from workbench.components.validation import check_network
from workbench.components.validation import check_number


class Port(TypedDict):
    """One more port to open."""

    port: int
    """The port, 1 to 65535."""

    cidr_blocks: Sequence[pulumi.Input[str]]
    """The ranges of addresses that may reach it, in CIDR notation."""

    protocol: NotRequired[str]
    """`tcp` or `udp`. Default: `tcp`."""


check_ranges = each(check_network)
WEB_PORTS = (80, 443)


def check_ports(ports: Sequence[Port], what: str) -> list[tuple[str, int, list[Any]]]:
    """Return protocol, port and ranges of each port."""
    checked = []
    for index, port in enumerate(ports):
        here = f"{what}[{index}]"
        number = check_number(port.get("port"), f"{here}.port", 1, 65535)
        protocol = port.get("protocol") or "tcp"
        if protocol not in ("tcp", "udp"):
            raise ArgumentError(f"{here}.protocol is {protocol!r}, but must be tcp or udp.")
        ranges = check_ranges(port.get("cidr_blocks"), f"{here}.cidr_blocks")
        checked.append((protocol, number, ranges))
    return checked


def check_none_of_web(ports: Sequence[Port], what: str) -> None:
    """Refuse a port of the web, of either protocol, which only a load balancer is to reach."""
    for index, (_, port, _) in enumerate(check_ports(ports, what)):
        if port in WEB_PORTS:
            raise ArgumentError(
                f"{what}[{index}] opens port {port} past the load balancer, which alone may reach"
                " it.",
                "Leave it out; who may use HTTP and HTTPS is http_from of the Entrance.",
            )
