"""What a workbench is told of the load balancer in front of it."""

from collections.abc import Callable
from collections.abc import Mapping
from collections.abc import Sequence
from functools import partial
from typing import Any
from typing import NotRequired
from typing import TypedDict
from weakref import WeakKeyDictionary

import pulumi
from pulumi.runtime import get_root_resource

from workbench.components.address import DnsRecord
from workbench.components.aws_values import check_security_group_id
from workbench.components.aws_values import check_target_group_arn
from workbench.components.component import check_object
from workbench.components.errors import ArgumentError
from workbench.components.late import check_each
from workbench.components.late import checked
from workbench.components.late import is_late
from workbench.components.ports import check_none_of_web
from workbench.components.validation import check_network
from workbench.components.validation import check_text


class Entry(TypedDict):
    """What a workbench needs to know of the load balancer in front of it."""

    security_group_id: pulumi.Input[str]
    """The load balancer's security group, the only one from which the server accepts requests."""

    target_group_arn: pulumi.Input[str]
    """The target group that the server is added to."""

    cidr_blocks: pulumi.Input[Sequence[pulumi.Input[str]]]
    """The ranges of the load balancer's subnets, which contain its own addresses: the server trusts
    these about who sent a request."""

    dns_name: pulumi.Input[str]
    """The load balancer's own name."""

    dns_records: NotRequired[pulumi.Input[Sequence[DnsRecord]]]
    """The records to create manually, if the load balancer has no zone for them. Default: none."""


# The target groups that have a workbench, by program.
_TAKEN: WeakKeyDictionary[pulumi.Resource, list[object]] = WeakKeyDictionary()
_CHECKS: dict[str, Callable[[Any, str], Any]] = {
    "security_group_id": check_security_group_id,
    "target_group_arn": check_target_group_arn,
    "cidr_blocks": partial(check_each, check_network),
    "dns_name": check_text,
}


def check_entry(value: Any, what: str) -> dict[str, Any]:
    """Return what a workbench is told of its load balancer, as far as it is known."""
    check_object(Entry, value, what, "Workbench")
    found: Mapping[str, Any] = value
    # Each part by itself: the server's settings don't wait for the load balancer.
    parts = {key: checked(check, found[key], f"{what}.{key}") for key, check in _CHECKS.items()}
    return {**parts, "dns_records": found.get("dns_records") or []}


def take_entry(entry: Any) -> None:
    """Refuse a load balancer that another workbench of the program is behind already.

    By which object says so, where that is an output: what is in it may not be known yet.
    """
    program = get_root_resource()
    if program is None:
        return
    place = entry if is_late(entry) else entry["target_group_arn"]
    taken = _TAKEN.setdefault(program, [])
    if any(each is place or (isinstance(place, str) and each == place) for each in taken):
        raise ArgumentError(
            "entrance is that of another workbench of this program, and requests would go to each"
            " of them in turn.",
            "Give each Workbench its own Entrance.",
        )
    taken.append(place)


def check_behind(args: Mapping[str, Any]) -> None:
    """Check what is said of a workbench behind a load balancer."""
    if args.get("domain") is None:
        raise ArgumentError(
            "entrance is given without domain: the load balancer's certificate is for a name.",
            "Give the domain of the Entrance.",
        )
    for name in ("http_from", "zone_id", "create_zone"):
        if args.get(name):
            raise ArgumentError(
                f"{name} can't be chosen for a workbench behind a load balancer, which the names"
                " point to, and which requests come to.",
                f"Leave out {name} here, and give it to the Entrance.",
            )
    check_none_of_web(args.get("extra_ports") or [], "extra_ports")
