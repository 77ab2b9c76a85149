"""Rules of security groups that are resources of their own."""

from typing import Any

from .cloud import Cloud
from .listed_rules import ports_of
from .listed_rules import protocol_of
from .resource import Calls
from .resource import Change
from .resource import Reach
from .resource import ResourceType
from .resource import names
from .tags import read_tags
from .tags import tag_specifications
from .tags import update_ec2_tags
from .values import Properties

# The schema's name of a rule's one source or destination → EC2's list, and the key in it.
_SOURCES = {
    "cidrIpv4": ("IpRanges", "CidrIp"),
    "cidrIpv6": ("Ipv6Ranges", "CidrIpv6"),
    "prefixListId": ("PrefixListIds", "PrefixListId"),
    "referencedSecurityGroupId": ("UserIdGroupPairs", "GroupId"),
}


def _single(rule: Properties) -> dict[str, Any]:
    note = {"Description": rule["description"]} if rule.get("description") else {}
    permission: dict[str, Any] = {"IpProtocol": protocol_of(rule["ipProtocol"]), **ports_of(rule)}
    for ours, (theirs, key) in _SOURCES.items():
        if rule.get(ours):
            permission[theirs] = [{key: rule[ours], **note}]
    return permission


def _create(cloud: Cloud, inputs: Properties, direction: str) -> str:
    call = getattr(cloud.client("ec2"), f"authorize_security_group_{direction}")
    answer = call(
        GroupId=inputs["securityGroupId"],
        IpPermissions=[_single(inputs)],
        TagSpecifications=tag_specifications("security-group-rule", inputs),
    )
    return str(answer["SecurityGroupRules"][0]["SecurityGroupRuleId"])


def create_ingress_rule(cloud: Cloud, inputs: Properties) -> str:
    """Open a security group for what comes in."""
    return _create(cloud, inputs, "ingress")


def create_egress_rule(cloud: Cloud, inputs: Properties) -> str:
    """Open a security group for what goes out."""
    return _create(cloud, inputs, "egress")


def read_rule(cloud: Cloud, identifier: str, state: Properties) -> Properties | None:
    """Read a rule by its id."""
    answer = cloud.client("ec2").describe_security_group_rules(SecurityGroupRuleIds=[identifier])
    if not answer["SecurityGroupRules"]:
        return None
    rule = answer["SecurityGroupRules"][0]
    every = rule["IpProtocol"] == "-1"
    return {
        "arn": cloud.arn("ec2", f"security-group-rule/{identifier}"),
        "securityGroupRuleId": identifier,
        "securityGroupId": rule["GroupId"],
        "ipProtocol": rule["IpProtocol"],
        "description": rule.get("Description") or None,
        # EC2 answers -1 for the ports of a rule for every protocol; the schema has none there.
        "fromPort": None if every else rule.get("FromPort"),
        "toPort": None if every else rule.get("ToPort"),
        "cidrIpv4": rule.get("CidrIpv4") or None,
        "cidrIpv6": rule.get("CidrIpv6") or None,
        "prefixListId": rule.get("PrefixListId") or None,
        "referencedSecurityGroupId": rule.get("ReferencedGroupInfo", {}).get("GroupId") or None,
        **read_tags(cloud, rule.get("Tags"), state),
    }


def update_rule(cloud: Cloud, identifier: str, change: Change) -> None:
    """Change a rule in place."""
    update_ec2_tags(cloud, identifier, change)
    if change.keys <= {"tags", "tagsAll"}:
        return
    new = change.new
    # Unlike the call that makes a rule, this one wants ports for every protocol; -1 is "all".
    every = {"FromPort": -1, "ToPort": -1} if protocol_of(new["ipProtocol"]) == "-1" else {}
    request = {
        "IpProtocol": protocol_of(new["ipProtocol"]),
        **ports_of(new),
        **every,
        "CidrIpv4": new.get("cidrIpv4"),
        "CidrIpv6": new.get("cidrIpv6"),
        "PrefixListId": new.get("prefixListId"),
        "Description": new.get("description"),
        "ReferencedGroupId": new.get("referencedSecurityGroupId"),
    }
    cloud.client("ec2").modify_security_group_rules(
        GroupId=new["securityGroupId"],
        SecurityGroupRules=[
            {
                "SecurityGroupRuleId": identifier,
                "SecurityGroupRule": {
                    key: value for key, value in request.items() if value is not None
                },
            }
        ],
    )


def delete_ingress_rule(cloud: Cloud, identifier: str, state: Properties) -> None:
    """Close a security group for what came in."""
    cloud.client("ec2").revoke_security_group_ingress(
        GroupId=state["securityGroupId"], SecurityGroupRuleIds=[identifier]
    )


def delete_egress_rule(cloud: Cloud, identifier: str, state: Properties) -> None:
    """Close a security group for what went out."""
    cloud.client("ec2").revoke_security_group_egress(
        GroupId=state["securityGroupId"], SecurityGroupRuleIds=[identifier]
    )


def _other_source(change: Change, reach: Reach) -> frozenset[str]:
    """Return the sources that came or went: a rule for addresses can't become one for a group."""
    return frozenset(
        source
        for source in _SOURCES
        if source in change and not (change.old.get(source) and change.new.get(source))
    )


def _row(token: str, calls: Calls) -> ResourceType:
    return ResourceType(
        type=token,
        calls=calls,
        inputs=frozenset(_SOURCES)
        | names("description fromPort ipProtocol securityGroupId toPort"),
        required=names("securityGroupId ipProtocol"),
        computed=names("arn securityGroupRuleId"),
        replaces=names("securityGroupId"),
        replaces_also=_other_source,
        normalise={"ipProtocol": protocol_of},
        tags=True,
    )


INGRESS_RULE = _row(
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
    Calls(create_ingress_rule, read_rule, delete_ingress_rule, update_rule),
)
EGRESS_RULE = _row(
    "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule",
    Calls(create_egress_rule, read_rule, delete_egress_rule, update_rule),
)
ROWS = (INGRESS_RULE, EGRESS_RULE)
