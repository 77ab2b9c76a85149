"""Security groups: those that are made, and existing ones, which a server gets besides its own."""

from collections.abc import Iterable
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_aws as aws

from workbench.components.aws_values import check_security_group_id
from workbench.components.component import unprotected
from workbench.components.errors import ArgumentError
from workbench.components.late import checked
from workbench.components.late import is_late
from workbench.components.lookups import look_up


@dataclass(frozen=True)
class Opening:
    """A port that a security group opens: to a range of addresses, or to another group."""

    protocol: str
    port: int
    network: pulumi.Input[str] | None = None
    group: pulumi.Input[str] | None = None


def openings(
    asked: Iterable[tuple[str, int, Sequence[pulumi.Input[str]]]],
) -> dict[str, Opening]:
    """Return what is opened by a name made of its content, so that order means nothing.

    A range that is an output has its place as its name, as its content isn't known.
    """
    found: dict[str, Opening] = {}
    for protocol, port, networks in asked:
        before = sum((each.protocol, each.port) == (protocol, port) for each in found.values())
        for index, network in enumerate(networks, before):
            ending = f"output-{index}" if is_late(network) else _slug(network)
            found[f"{protocol}-{port}-{ending}"] = Opening(protocol, port, network)
    return found


def create_group(
    name: str,
    vpc_id: pulumi.Input[str],
    description: str,
    opened: Mapping[str, Opening],
    parent: pulumi.Resource,
) -> aws.ec2.SecurityGroup:
    """Create a security group that lets in what is opened, and out everything."""
    own = pulumi.ResourceOptions(parent=parent)
    group = aws.ec2.SecurityGroup(
        f"{name}-security-group",
        vpc_id=vpc_id,
        # EC2 can't change a description: another text here would replace the group.
        description=description,
        tags={"Name": name},
        opts=own,
    )
    # The group isn't the parent: who depends on the component waits for the component's own
    # children only.
    for rule, opening in opened.items():
        aws.vpc.SecurityGroupIngressRule(
            f"{name}-{rule}",
            security_group_id=group.id,
            ip_protocol=opening.protocol,
            from_port=opening.port,
            to_port=opening.port,
            opts=unprotected(own),
            **_source(opening),
        )
    aws.vpc.SecurityGroupEgressRule(
        f"{name}-egress",
        security_group_id=group.id,
        ip_protocol="-1",
        cidr_ipv4="0.0.0.0/0",
        opts=unprotected(own),
    )
    return group


def _source(opening: Opening) -> dict[str, Any]:
    if opening.group is not None:
        return {"referenced_security_group_id": opening.group}
    return {
        "cidr_ipv4": _version(opening.network, six=False),
        "cidr_ipv6": _version(opening.network, six=True),
    }


def _slug(network: Any) -> str:
    # "::" separates the parts of a URN.
    return str(network).replace(":", "_").replace("/", "-")


def _version(network: Any, *, six: bool) -> pulumi.Input[str | None]:
    """Return a range where it is of IPv6, or of IPv4; else None."""
    return checked(lambda known, _: known if (":" in known) is six else None, network, "")


def find_groups(
    groups: Sequence[pulumi.Input[str]], vpc_id: pulumi.Input[str], parent: pulumi.Resource
) -> list[pulumi.Output[str]]:
    """Return the groups once each is known to be in the VPC; raise ArgumentError else."""

    def check(both: Sequence[str]) -> str:
        group, vpc = check_security_group_id(both[0], "security_group_ids"), both[1]
        found = look_up(
            lambda: aws.ec2.get_security_group(id=group, opts=pulumi.InvokeOptions(parent=parent)),
            f"AWS does not show the security group {group!r} in this region",
            "List yours with: aws ec2 describe-security-groups",
        )
        if found.vpc_id != vpc:
            raise ArgumentError(
                f"The security group {group} is in {found.vpc_id}, but the subnet in {vpc}.",
                "Give security groups of the subnet's own VPC.",
            )
        return group

    return [pulumi.Output.all(group, vpc_id).apply(check) for group in groups]
