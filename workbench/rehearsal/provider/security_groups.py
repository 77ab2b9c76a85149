"""Security groups and their rules."""

from typing import Any

from .cloud import Cloud
from .listed_rules import authorise
from .listed_rules import listed_rules
from .listed_rules import revoke
from .listed_rules import unordered_rules
from .resource import AutoName
from .resource import Calls
from .resource import Change
from .resource import ResourceType
from .resource import names
from .tags import read_tags
from .tags import tag_specifications
from .tags import update_ec2_tags
from .values import Properties

DIRECTIONS = ("ingress", "egress")


def create_group(cloud: Cloud, inputs: Properties) -> str:
    """Create a security group."""
    place = {"VpcId": inputs["vpcId"]} if inputs.get("vpcId") else {}
    group = cloud.client("ec2").create_security_group(
        GroupName=inputs["name"],
        Description=inputs.get("description", "Managed by Pulumi"),
        TagSpecifications=tag_specifications("security-group", inputs),
        **place,
    )
    return str(group["GroupId"])


def settle_group(cloud: Cloud, identifier: str, inputs: Properties) -> None:
    """Remove the rule that AWS gives every new group, and make those the program lists.

    AWS lets a new group reach everything; the official plugin takes that away, so that only what
    the program says is open.
    """
    group = _describe(cloud, identifier)
    for direction in DIRECTIONS:
        present = listed_rules(group, direction)
        wanted = inputs.get(direction, [])
        _bring(cloud, identifier, direction, present, wanted)


def _bring(
    cloud: Cloud,
    identifier: str,
    direction: str,
    present: list[Properties],
    wanted: list[Properties],
) -> None:
    keep, have = unordered_rules(wanted), unordered_rules(present)
    for rule in present:
        if unordered_rules([rule])[0] not in keep:
            revoke(cloud, identifier, direction, rule)
    for rule in wanted:
        if unordered_rules([rule])[0] not in have:
            authorise(cloud, identifier, direction, rule)


def _describe(cloud: Cloud, identifier: str) -> dict[str, Any]:
    answer = cloud.client("ec2").describe_security_groups(GroupIds=[identifier])
    group: dict[str, Any] = answer["SecurityGroups"][0]
    return group


def read_group(cloud: Cloud, identifier: str, state: Properties) -> Properties | None:
    """Read a security group with its rules."""
    group = _describe(cloud, identifier)
    return {
        "arn": cloud.arn("ec2", f"security-group/{identifier}"),
        "ownerId": group["OwnerId"],
        "name": group["GroupName"],
        "description": group["Description"],
        "vpcId": group.get("VpcId"),
        **{direction: listed_rules(group, direction) for direction in DIRECTIONS},
        **read_tags(cloud, group.get("Tags"), state),
    }


def update_group(cloud: Cloud, identifier: str, change: Change) -> None:
    """Change a security group's own rules and tags."""
    update_ec2_tags(cloud, identifier, change)
    for direction in DIRECTIONS:
        if direction in change:
            present = listed_rules(_describe(cloud, identifier), direction)
            _bring(cloud, identifier, direction, present, change.new.get(direction, []))


def delete_group(cloud: Cloud, identifier: str, state: Properties) -> None:
    """Delete a security group; what still uses it has until the limit to go."""
    if state.get("revokeRulesOnDelete"):
        settle_group(cloud, identifier, {})
    cloud.client("ec2").delete_security_group(GroupId=identifier)


SECURITY_GROUP = ResourceType(
    type="aws:ec2/securityGroup:SecurityGroup",
    calls=Calls(create_group, read_group, delete_group, update_group, settle_group),
    inputs=names("description egress ingress name namePrefix revokeRulesOnDelete vpcId"),
    computed=names("arn ownerId"),
    chosen=names("egress ingress vpcId"),
    replaces=names("description name namePrefix vpcId"),
    defaults={"description": "Managed by Pulumi", "revokeRulesOnDelete": False},
    normalise={"ingress": unordered_rules, "egress": unordered_rules},
    name=AutoName(),
    tags=True,
)
ROWS = (SECURITY_GROUP,)
