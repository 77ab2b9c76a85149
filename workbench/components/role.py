"""IAM roles as an organization wants them: their path, their boundary, further policies."""

import json
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any
from typing import NotRequired
from typing import TypedDict

import pulumi
import pulumi_aws as aws

from workbench.components.aws_values import check_policy_arn
from workbench.components.aws_values import check_profile_name
from workbench.components.aws_values import check_role_path
from workbench.components.component import check_object
from workbench.components.component import unprotected
from workbench.components.errors import ArgumentError
from workbench.components.late import check_each
from workbench.components.late import checked
from workbench.components.late import is_late


class Role(TypedDict):
    """What an organization asks of roles."""

    path: NotRequired[str]
    """The path in IAM, such as `/team/`. Changing it creates another role. Default: `/`."""

    permissions_boundary: NotRequired[pulumi.Input[str]]
    """The ARN of the policy that limits what the role's policies allow. Default: none."""

    policy_arns: NotRequired[Sequence[pulumi.Input[str]]]
    """The ARNs of policies that the role gets in addition to those it needs. Default: none."""


def check_role(role: Role, what: str) -> Role:
    """Return what is asked of a role, as far as it is known."""
    check_object(Role, role, what, "Workbench")
    if (path := role.get("path")) is not None:
        check_role_path(path, f"{what}.path")
    if (boundary := role.get("permissions_boundary")) is not None:
        checked(check_policy_arn, boundary, f"{what}.permissions_boundary")
    arns = check_each(check_policy_arn, role.get("policy_arns") or [], f"{what}.policy_arns")
    known = [arn for arn in arns if not is_late(arn)]
    if twice := [arn for arn in known if known.count(arn) > 1]:
        raise ArgumentError(f"{what}.policy_arns has {twice[0]!r} twice.", "List it once.")
    return role


def check_role_or_profile(args: Mapping[str, Any]) -> None:
    """Check what is said of the server's role, which an existing profile has already."""
    role, profile = args.get("role"), args.get("instance_profile")
    if role is not None:
        check_role(role, "role")
    if profile is not None:
        checked(check_profile_name, profile, "instance_profile")
    if role is not None and profile is not None:
        raise ArgumentError(
            "role can't be used with instance_profile, which already has a role.",
            "Leave out role, or leave out instance_profile.",
        )


def create_role(
    name: str,
    service: pulumi.Input[str],
    role: Role | None,
    opts: pulumi.ResourceOptions,
    description: str | None = None,
) -> "aws.iam.Role":
    """Create a role, as it is asked for; ``service`` is the principal of a service of AWS's."""
    asked = role or Role()
    boundary = asked.get("permissions_boundary")
    return aws.iam.Role(
        name,
        assume_role_policy=pulumi.Output.from_input(service).apply(_trust),
        description=description,
        path=asked.get("path"),
        permissions_boundary=boundary
        if boundary is None
        else checked(check_policy_arn, boundary, "role.permissions_boundary"),
        opts=opts,
    )


def attach_policies(
    name: str, made: "aws.iam.Role", role: Role | None, opts: pulumi.ResourceOptions
) -> None:
    """Attach the further policies; each has its name, so that their order means nothing."""
    arns = (role or Role()).get("policy_arns") or []
    for index, arn in enumerate(check_each(check_policy_arn, arns, "role.policy_arns")):
        # What another resource decides has its place as its name.
        ending = f"output-{index}" if is_late(arn) else _ending(arn)
        aws.iam.RolePolicyAttachment(
            f"{name}-{ending}", role=made.name, policy_arn=arn, opts=unprotected(opts)
        )


def _ending(arn: str) -> str:
    """Return what tells a policy from others: ``aws-ReadOnlyAccess``."""
    owner, _, path = arn.split(":", 4)[4].partition(":policy/")
    return f"{owner}-{path.replace('/', '-')}"


def _trust(service: str) -> str:
    trusted = {
        "Effect": "Allow",
        "Principal": {"Service": service},
        "Action": "sts:AssumeRole",
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [trusted]})
