"""The rules that a security group lists itself."""

from typing import Any

from .cloud import Cloud
from .values import Properties

# The schema's name of a rule's source or destination → EC2's list, and the key in its entries.
_RANGES = {
    "cidrBlocks": ("IpRanges", "CidrIp"),
    "ipv6CidrBlocks": ("Ipv6Ranges", "CidrIpv6"),
    "prefixListIds": ("PrefixListIds", "PrefixListId"),
    "securityGroups": ("UserIdGroupPairs", "GroupId"),
}


_PROTOCOLS = {"-1": "-1", "all": "-1", "6": "tcp", "17": "udp", "1": "icmp", "58": "icmpv6"}


def protocol_of(value: Any) -> str:
    """Return a protocol as EC2 says it: "all" and numbers by their names."""
    return _PROTOCOLS.get(str(value).lower(), str(value).lower())


def ports_of(rule: Properties) -> dict[str, int]:
    """Return a rule's ports as EC2 names them."""
    return {
        theirs: rule[ours]
        for ours, theirs in (("fromPort", "FromPort"), ("toPort", "ToPort"))
        if rule.get(ours) is not None
    }


def _permission(rule: Properties, group: str) -> dict[str, Any]:
    protocol = protocol_of(rule["protocol"])
    permission: dict[str, Any] = {
        "IpProtocol": protocol,
        **({} if protocol == "-1" else ports_of(rule)),
    }
    note = {"Description": rule["description"]} if rule.get("description") else {}
    for ours, (theirs, key) in _RANGES.items():
        values = list(rule.get(ours) or [])
        if ours == "securityGroups" and rule.get("self"):
            values.append(group)
        if values:
            permission[theirs] = [{key: value, **note} for value in values]
    return permission


def authorise(cloud: Cloud, group: str, direction: str, rule: Properties) -> None:
    """Open what a rule in a group's list says."""
    call = getattr(cloud.client("ec2"), f"authorize_security_group_{direction}")
    call(GroupId=group, IpPermissions=[_permission(rule, group)])


def revoke(cloud: Cloud, group: str, direction: str, rule: Properties) -> None:
    """Close what a rule in a group's list says."""
    call = getattr(cloud.client("ec2"), f"revoke_security_group_{direction}")
    call(GroupId=group, IpPermissions=[_permission(rule, group)])


def listed_rules(group: dict[str, Any], direction: str) -> list[Properties]:
    """Return a group's rules in one direction as the schema has them, one per description."""
    result: dict[tuple[Any, ...], Properties] = {}
    for permission in group["IpPermissions" if direction == "ingress" else "IpPermissionsEgress"]:
        for ours, (theirs, key) in _RANGES.items():
            for entry in permission.get(theirs, []):
                _add(
                    result,
                    permission,
                    ours,
                    entry[key],
                    entry.get("Description", ""),
                    group["GroupId"],
                )
    return list(result.values())


def _add(
    result: dict[tuple[Any, ...], Properties],
    permission: dict[str, Any],
    ours: str,
    value: str,
    note: str,
    group: str,
) -> None:
    ports = (permission.get("FromPort", 0), permission.get("ToPort", 0))
    place = (permission["IpProtocol"], *ports, note)
    rule = result.setdefault(
        place,
        {
            "protocol": permission["IpProtocol"],
            "fromPort": ports[0],
            "toPort": ports[1],
            "description": note,
            "self": False,
            **{key: [] for key in _RANGES},
        },
    )
    if value == group:
        rule["self"] = True
    else:
        rule[ours].append(value)


def unordered_rules(rules: Any) -> Any:
    """Return a rule list in one order, with what isn't said filled in."""
    return sorted(
        (
            protocol_of(rule["protocol"]),
            *(
                ("0", "0")
                if protocol_of(rule["protocol"]) == "-1"
                else (str(rule.get("fromPort") or 0), str(rule.get("toPort") or 0))
            ),
            rule.get("description") or "",
            bool(rule.get("self")),
            *(tuple(sorted(rule.get(key) or [])) for key in _RANGES),
        )
        for rule in rules or []
    )
