"""Which part of a VPC's range a subnet gets: another one in each zone.

A subnet can't change its zone: a new one is made, before the old one is deleted, and AWS refuses
two with the same addresses.
"""

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_aws as aws

from workbench.components.errors import ArgumentError
from workbench.components.lookups import look_up

# What AWS calls a subnet's size: 256 addresses, less where the whole range has less.
_PREFIX = 24
# What the tags of the subnets besides the first one add to the network's name.
PRIVATE, SECOND, SECOND_PRIVATE = "private", "second", "second-private"


def parts_of(vpc_range: str, least: int = 1) -> list[str]:
    """Return the parts of a VPC's range that subnets get by default, in order.

    There are ``least`` of them, a power of two, or more.
    """
    whole = ipaddress.ip_network(vpc_range)
    prefix = max(_PREFIX, whole.prefixlen + (least - 1).bit_length())
    return [str(each) for each in whole.subnets(new_prefix=prefix)]


def find_range(
    parent: pulumi.Resource,
    name: str,
    vpc: "aws.ec2.Vpc",
    parts: Sequence[str],
    zone: pulumi.Input[str],
    *,
    is_fixed: bool,
) -> pulumi.Output[str]:
    """Return the range of the subnet with the tag ``name``: the one it has, else its zone's part.

    A zone that is not ``is_fixed`` was chosen once, and may not be the one the subnet is in.
    """

    def choose(known: Sequence[str]) -> str:
        vpc_id, wanted = known
        found = _subnets(parent, vpc_id)
        for each in found:
            if each.tags.get("Name") == name and (not is_fixed or each.availability_zone == wanted):
                return each.cidr_block
        return free_range(parts, wanted, [each.cidr_block for each in found])

    return pulumi.Output.all(vpc.id, zone).apply(choose)


@dataclass(frozen=True)
class Place:
    """Where a subnet is: its zone, and its part of the VPC's range."""

    zone: str
    cidr_block: str


def find_places(
    parent: pulumi.Resource,
    name: str,
    vpc: "aws.ec2.Vpc",
    parts: Sequence[str],
    first: "aws.ec2.Subnet",
    zones: pulumi.Input[Sequence[str]],
) -> pulumi.Output[dict[str, Place]]:
    """Return where the subnets besides the ``first`` one are, by what their tags add to ``name``.

    Those that are there stay where they are, as long as the zones differ.
    """

    def choose(known: Sequence[Any]) -> dict[str, Place]:
        vpc_id, zone, cidr_block, names = known
        return _places(name, parts, Place(zone, cidr_block), names, _subnets(parent, vpc_id))

    known = pulumi.Output.all(vpc.id, first.availability_zone, first.cidr_block, zones)
    return known.apply(choose)


def _places(
    name: str, parts: Sequence[str], first: Place, zones: Sequence[str], found: Sequence[Any]
) -> dict[str, Place]:
    def there(suffix: str) -> list[Place]:
        own = [each for each in found if each.tags.get("Name") == f"{name}-{suffix}"]
        return [Place(each.availability_zone, each.cidr_block) for each in own]

    others = [each.zone for each in there(SECOND)] + sorted(zones)
    other = next((zone for zone in others if zone != first.zone), None)
    if other is None:
        raise ArgumentError(
            f"private_network needs two zones, but the region of {first.zone} offers no other.",
            "Choose another region, or give the subnet_id of a private subnet.",
        )
    taken = [first.cidr_block, *(each.cidr_block for each in found)]
    places = {}
    for suffix, zone in ((PRIVATE, first.zone), (SECOND, other), (SECOND_PRIVATE, other)):
        kept = [each for each in there(suffix) if each.zone == zone]
        places[suffix] = kept[0] if kept else Place(zone, free_range(parts, zone, taken))
        taken.append(places[suffix].cidr_block)
    return places


def free_range(parts: Sequence[str], zone: str, taken: Sequence[str]) -> str:
    """Return the part of a VPC's range that is a zone's, or the next one that is free."""
    # The last letter of a zone's name is its number within the region.
    first = max(0, ord(zone[-1:] or "a") - ord("a")) % len(parts)
    others = [ipaddress.ip_network(each) for each in taken]
    for part in [*parts[first:], *parts[:first]]:
        if not any(ipaddress.ip_network(part).overlaps(each) for each in others):
            return part
    raise ArgumentError(
        f"cidr_block has no room for another subnet in {zone}: its parts from"
        f" {parts[0]} to {parts[-1]} are taken.",
        "Destroy the stack first, or give a larger range, for example 10.20.0.0/16.",
    )


def _subnets(parent: pulumi.Resource, vpc_id: str) -> "list[aws.ec2.AwaitableGetSubnetResult]":
    opts = pulumi.InvokeOptions(parent=parent)

    def ask() -> "list[aws.ec2.AwaitableGetSubnetResult]":
        found = aws.ec2.get_subnets(filters=[{"name": "vpc-id", "values": [vpc_id]}], opts=opts)
        return [aws.ec2.get_subnet(id=each, opts=opts) for each in found.ids]

    return look_up(
        ask,
        f"AWS does not list the subnets of {vpc_id}",
        "Check that you may call ec2:DescribeSubnets.",
    )
