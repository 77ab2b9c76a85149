"""Which part of a VPC's range a subnet gets: another one in each zone.

A subnet can't change its zone: a new one is made, before the old one is deleted, and AWS refuses
two with the same addresses.
"""

import ipaddress
from collections.abc import Sequence

import pulumi
import pulumi_aws as aws

from workbench.components.errors import ArgumentError
from workbench.components.lookups import look_up

# What AWS calls a subnet's size: 256 addresses, less where the whole range has less.
_PREFIX = 24


def parts_of(vpc_range: str) -> list[str]:
    """Return the parts of a VPC's range that subnets get by default, in order."""
    whole = ipaddress.ip_network(vpc_range)
    return [str(each) for each in whole.subnets(new_prefix=max(_PREFIX, whole.prefixlen))]


def find_range(
    parent: pulumi.Resource,
    name: str,
    vpc: aws.ec2.Vpc,
    vpc_range: str,
    zone: pulumi.Input[str],
    *,
    is_fixed: bool,
) -> pulumi.Output[str]:
    """Return the range of the subnet with the tag ``name``: the one it has, else its zone's.

    A zone that is not ``is_fixed`` was chosen once, and may not be the one the subnet is in.
    """

    def choose(known: Sequence[str]) -> str:
        vpc_id, wanted = known
        found = _subnets(parent, vpc_id)
        for each in found:
            if each.tags.get("Name") == name and (not is_fixed or each.availability_zone == wanted):
                return each.cidr_block
        return free_range(vpc_range, wanted, [each.cidr_block for each in found])

    return pulumi.Output.all(vpc.id, zone).apply(choose)


def free_range(vpc_range: str, zone: str, taken: Sequence[str]) -> str:
    """Return the part of a VPC's range that is a zone's, or the next one that is free."""
    parts = parts_of(vpc_range)
    # The last letter of a zone's name is its number within the region.
    first = max(0, ord(zone[-1:] or "a") - ord("a")) % len(parts)
    others = [ipaddress.ip_network(each) for each in taken]
    for part in parts[first:] + parts[:first]:
        if not any(ipaddress.ip_network(part).overlaps(each) for each in others):
            return part
    raise ArgumentError(
        f"cidr_block is {vpc_range}, which has no room for a subnet in {zone} alongside the one"
        " that is there.",
        "Destroy the stack first, or give a larger range, for example 10.20.0.0/16.",
    )


def _subnets(parent: pulumi.Resource, vpc_id: str) -> list[aws.ec2.AwaitableGetSubnetResult]:
    opts = pulumi.InvokeOptions(parent=parent)

    def ask() -> list[aws.ec2.AwaitableGetSubnetResult]:
        found = aws.ec2.get_subnets(filters=[{"name": "vpc-id", "values": [vpc_id]}], opts=opts)
        return [aws.ec2.get_subnet(id=each, opts=opts) for each in found.ids]

    return look_up(
        ask,
        f"AWS does not list the subnets of {vpc_id}",
        "Check that you may call ec2:DescribeSubnets.",
    )
