"""What security groups let through inside a VPC, from one network interface to another."""

import ipaddress
from collections.abc import Iterable
from typing import Any


def lets_out(groups: Iterable[Any], port: int, ip: str, group_ids: Iterable[str]) -> bool:
    """Whether one of the groups has a rule by which a TCP port of ``ip`` can be reached.

    ``group_ids`` are the security groups that ``ip`` has.
    """
    return any(_fits(rule, port, ip, group_ids) for each in groups for rule in each.egress_rules)


def lets_in(groups: Iterable[Any], port: int, ip: str, group_ids: Iterable[str]) -> bool:
    """Whether one of the groups lets ``ip``, which has other groups, in to a TCP port."""
    return any(_fits(rule, port, ip, group_ids) for each in groups for rule in each.ingress_rules)


def allows_port(rule: Any, port: int) -> bool:
    """Whether a security group's rule is for a TCP port."""
    if rule.ip_protocol == "-1":
        return True
    return rule.ip_protocol == "tcp" and int(rule.from_port) <= port <= int(rule.to_port)


def is_other_side(ip: str, group_ids: Iterable[str], cidr: str | None, group: str | None) -> bool:
    """Whether ``ip`` with its groups is what a rule names: members of a group, or a range."""
    if group is not None:
        return group in group_ids
    return bool(cidr) and is_in(ip, str(cidr))


def is_in(ip: str, cidr: str) -> bool:
    """Whether an address is in a range."""
    return ipaddress.ip_address(ip) in ipaddress.ip_network(cidr, strict=False)


def _fits(rule: Any, port: int, ip: str, group_ids: Iterable[str]) -> bool:
    group = rule.source_group.get("GroupId") if rule.source_group else None
    return allows_port(rule, port) and is_other_side(ip, group_ids, rule.cidr_ipv4, group)
