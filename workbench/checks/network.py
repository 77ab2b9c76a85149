"""Ports: what the stack opened answers, and nothing else does."""

import socket
from concurrent.futures import ThreadPoolExecutor
from ipaddress import ip_address
from typing import Any

from workbench.checks.check import Outcome
from workbench.checks.check import failed
from workbench.checks.check import passed
from workbench.checks.check import skipped
from workbench.checks.check import warned
from workbench.checks.instance import read_instance
from workbench.checks.ports import HTTPS
from workbench.checks.target import WEB_PORTS
from workbench.checks.target import Target
from workbench.configured import EXTRA_PORTS
from workbench.host import service_table

SSH_PORT = 22
# What the labs' programs listen on.
PROGRAM_PORTS = (3838, 8080)
# As EC2 writes them in a rule.
EVERY_PROTOCOL = "-1"
EVERYONE = ("0.0.0.0/0", "::/0")
TIMEOUT = 4.0
# An address of this computer that no rehearsal hands out: what answers here answers everywhere.
OTHER_LOOPBACK = "127.255.255.253"


def check_security_group(target: Target) -> Outcome:
    """Check that the security group opens what the configuration does, SSH not to everyone."""
    group, rules = target.output("security_group_id"), read_rules(target)
    every = [rule for rule in rules if rule["IpProtocol"] == EVERY_PROTOCOL]
    if every:
        return failed(f"{group} opens every port: {_told(every)}", _revoke(target, every))
    front = _load_balancer(target)
    web = [rule for rule in rules if front in (None, _source(rule))]
    missing = [port for port in WEB_PORTS if not any(_covers(rule, port) for rule in web)]
    if missing:
        told = f"{group} doesn't open {', '.join(map(str, missing))}"
        return failed(told if front is None else f"{told} to the load balancer's group, {front}")
    past = [rule for rule in rules if rule not in web and _has_web(rule)]
    if past:
        told = f"{group} opens the web without going through the load balancer: {_told(past)}"
        return failed(told, _revoke(target, past))
    around = _further_to_everyone(target) if front else []
    if around:
        groups = ", ".join(sorted({rule["GroupId"] for rule in around}))
        opens = "opens the web without going through the load balancer"
        told = f"{groups} (security_group_ids) {opens}: {_told(around)}"
        return warned(told, _look(target, around))
    meant = meant_ports(target)
    by_hand = [rule for rule in rules if not _is_meant(rule, meant)]
    if by_hand:
        told = f"{group} opens what {EXTRA_PORTS} doesn't name: {_told(by_hand)}"
        return warned(told, _revoke(target, by_hand))
    to_all = [rule for rule in rules if _covers(rule, SSH_PORT) and _source(rule) in EVERYONE]
    if to_all:
        return warned(f"{group} opens port 22 to every address", _close_ssh(target, to_all))
    opened = sorted({rule["FromPort"] for rule in rules})
    return passed(f"{group} opens {', '.join(map(str, opened))}")


def _load_balancer(target: Target) -> str | None:
    """Return the security group of the load balancer in front, which alone is let in."""
    if not target.outputs.get("entrance"):
        return None
    return target.output("entrance_security_group_id")


def read_rules(target: Target) -> list[dict[str, Any]]:
    """Return the rules of the security group by which something gets in."""
    return _rules_of(target, target.output("security_group_id"))


def _further_to_everyone(target: Target) -> list[dict[str, Any]]:
    """Return the rules of the server's other groups that open the web to every address."""
    instance, own = read_instance(target) or {}, target.output("security_group_id")
    groups = [each["GroupId"] for each in instance.get("SecurityGroups", [])]
    return [
        rule
        for group in groups
        if group != own
        for rule in _rules_of(target, group)
        if _source(rule) in EVERYONE and (_has_web(rule) or _covers(rule, HTTPS))
    ]


def web_sources(target: Target) -> list[str]:
    """Return whom the web ports are open to: of a load balancer, if there is one in front."""
    rules = [rule for rule in read_rules(target) if any(_covers(rule, port) for port in WEB_PORTS)]
    if target.outputs.get("entrance"):
        groups = {group for rule in rules if (group := _group_of(rule))}
        rules = [rule for group in sorted(groups) for rule in _rules_of(target, group)]
    return sorted({_source(rule) for rule in rules if _covers(rule, HTTPS)})


def _rules_of(target: Target, group: str) -> list[dict[str, Any]]:
    wanted = [{"Name": "group-id", "Values": [group]}]
    found = target.aws("ec2").describe_security_group_rules(Filters=wanted)
    return [rule for rule in found["SecurityGroupRules"] if not rule["IsEgress"]]


def meant_ports(target: Target) -> set[tuple[str, int]]:
    """Return the ports that the configuration opens, with the protocol of each."""
    return {
        *(("tcp", port) for port in (SSH_PORT, *WEB_PORTS)),
        *((each.get("protocol") or "tcp", each["port"]) for each in target.configured.extra_ports),
    }


def _is_meant(rule: dict[str, Any], meant: set[tuple[str, int]]) -> bool:
    ports = range(rule["FromPort"], rule["ToPort"] + 1)
    return all((rule["IpProtocol"], port) in meant for port in ports)


def _covers(rule: dict[str, Any], port: int) -> bool:
    """Return whether a rule opens a TCP port."""
    every = rule["IpProtocol"] == EVERY_PROTOCOL
    is_in = rule["IpProtocol"] == "tcp" and rule["FromPort"] <= port <= rule["ToPort"]
    return bool(every or is_in)


def _has_web(rule: dict[str, Any]) -> bool:
    """Return whether a rule opens a port of the web, by TCP or, for HTTP/3, by UDP."""
    return any(rule["FromPort"] <= port <= rule["ToPort"] for port in WEB_PORTS)


def _source(rule: dict[str, Any]) -> str:
    """Return whom a rule lets in: a range of addresses, a list of them, or another group."""
    names = (rule.get("CidrIpv4"), rule.get("CidrIpv6"), rule.get("PrefixListId"))
    return str(next(filter(None, names), _group_of(rule) or "?"))


def _group_of(rule: dict[str, Any]) -> str:
    return str((rule.get("ReferencedGroupInfo") or {}).get("GroupId", ""))


def _told(rules: list[dict[str, Any]]) -> str:
    return ", ".join(f"{_ports(rule)} to {_source(rule)}" for rule in rules)


def _ports(rule: dict[str, Any]) -> str:
    protocol, first, last = rule["IpProtocol"], rule["FromPort"], rule["ToPort"]
    if protocol == EVERY_PROTOCOL:
        return "all"
    return f"{protocol} {first}" if first == last else f"{protocol} {first}-{last}"


def _revoke(target: Target, rules: list[dict[str, Any]]) -> str:
    """Return the command that takes rules away: Pulumi knows nothing of those added manually."""
    ids = " ".join(rule["SecurityGroupRuleId"] for rule in rules)
    group = target.output("security_group_id")
    return (
        f"aws ec2 revoke-security-group-ingress --group-id {group}"
        f" --security-group-rule-ids {ids}{_region(target)}"
    )


def _look(target: Target, rules: list[dict[str, Any]]) -> str:
    """Return the command that shows rules of groups that others may use, too: whose they are."""
    ids = " ".join(rule["SecurityGroupRuleId"] for rule in rules)
    return (
        f"aws ec2 describe-security-group-rules --security-group-rule-ids {ids}{_region(target)}"
        "   shows them; close them, or take the group out of security_group_ids"
    )


def _region(target: Target) -> str:
    region = target.outputs.get("region")
    return f" --region {region}" if region else ""


def _close_ssh(target: Target, rules: list[dict[str, Any]]) -> str:
    """Return the command that closes SSH to everyone: where the configuration opens it, there."""
    ssh_from = target.configured.ssh_from
    configured = [_source(rule) for rule in rules if _source(rule) in ssh_from]
    if not configured:
        return _revoke(target, rules)
    return f"workbench ssh.allow --address {configured[0]} --remove --stack {{stack}}"


def inner_ports(target: Target) -> list[int]:
    """Return the ports that nobody is to reach: services' own, those they have by themselves."""
    own = {port for each in service_table.own_services() for port in each.ports}
    return sorted(
        {*PROGRAM_PORTS, *own, *(port for each in target.services for port in each.ports)}
    )


def check_inner_ports(target: Target) -> Outcome:
    """Check that no service behind the proxy is reachable past it."""
    where, meant = target.where, meant_ports(target)
    ports = [port for port in inner_ports(target) if ("tcp", port) not in meant]
    with ThreadPoolExecutor(len(ports) or 1) as pool:
        reached = [
            port
            for port, open_ in zip(
                ports, pool.map(lambda p: _reaches_server(where.ip, p), ports), strict=True
            )
            if open_
        ]
    if reached:
        told = f"{where.ip} answers on {', '.join(map(str, reached))} from outside"
        opening = [
            rule for rule in read_rules(target) if any(_covers(rule, port) for port in reached)
        ]
        if not opening and not target.is_public:
            # Private addresses are many networks': here it is another machine's, or a proxy's.
            return skipped(f"{told}, which no security group opens: it isn't this server")
        return failed(told, _revoke(target, opening) if opening else "")
    return passed(f"closed from outside: {', '.join(map(str, ports))}")


def answers(ip: str, port: int, timeout: float = TIMEOUT) -> bool:
    """Return whether a TCP connection is accepted."""
    try:
        with socket.create_connection((ip, port), timeout=timeout):
            return True
    except OSError:
        return False


def _reaches_server(ip: str, port: int) -> bool:
    if not answers(ip, port):
        return False
    # A program of this computer that listens on every address also answers on a rehearsal's.
    return not (ip_address(ip).is_loopback and answers(OTHER_LOOPBACK, port))
