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


def _fits(rule: Any, port: int, ip: str, group_ids: Iterable[str]) -> bool:
    if rule.ip_protocol != "-1" and (
        rule.ip_protocol != "tcp" or not int(rule.from_port) <= port <= int(rule.to_port)
    ):
        return False
    if rule.source_group:
        return rule.source_group.get("GroupId") in group_ids
    cidr = rule.cidr_ipv4
    return bool(cidr) and ipaddress.ip_address(ip) in ipaddress.ip_network(cidr, strict=False)
