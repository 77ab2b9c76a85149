"""Existing security groups, which a server gets besides its own."""

from collections.abc import Sequence

import pulumi
import pulumi_aws as aws

from workbench.components.aws_values import check_security_group_id
from workbench.components.errors import ArgumentError
from workbench.components.lookups import look_up


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
