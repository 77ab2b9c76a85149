"""Ports: what the stack opened answers, and nothing else does."""

import socket
from concurrent.futures import ThreadPoolExecutor
from ipaddress import ip_address
from typing import Any

from workbench.checks.check import Outcome
from workbench.checks.check import failed
from workbench.checks.check import passed
from workbench.checks.check import warned
from workbench.checks.ports import HTTPS
from workbench.checks.ports import Port
from workbench.checks.ports import probe_web
from workbench.checks.target import WEB_PORTS
from workbench.checks.target import Target

SSH_PORT = 22
# What the services behind the proxy, their helpers and the labs' programs listen on.
INNER_PORTS = (2019, 3838, 8000, 8001, 8080, 8081, 8787)
TIMEOUT = 4.0
RESTART = "workbench restart --stack {stack}"
# An address of this computer that no rehearsal hands out: what answers here answers everywhere.
OTHER_LOOPBACK = "127.255.255.253"


def check_security_group(target: Target) -> Outcome:
    """Check what the security group opens: nothing but SSH and the web, SSH not to everyone."""
    group = target.output("security_group_id")
    found = target.aws("ec2").describe_security_groups(GroupIds=[group])["SecurityGroups"][0]
    rules = found["IpPermissions"]
    opened = sorted({_range(rule) for rule in rules})
    if any(rule["IpProtocol"] == "-1" for rule in rules):
        return failed(f"{group} opens every port")
    if SSH_PORT in _open_to_everyone(rules):
        return warned(f"{group} opens port 22 to every address")
    missing = [port for port in WEB_PORTS if str(port) not in opened]
    if missing:
        return failed(f"{group} doesn't open {', '.join(map(str, missing))}")
    return passed(f"{group} opens {', '.join(opened)}")


def _range(rule: dict[str, Any]) -> str:
    first, last = rule.get("FromPort", 0), rule.get("ToPort", 65535)
    return str(first) if first == last else f"{first}-{last}"


def _open_to_everyone(rules: list[dict[str, Any]]) -> set[int]:
    return {
        rule.get("FromPort", 0)
        for rule in rules
        if any(each["CidrIp"] == "0.0.0.0/0" for each in rule.get("IpRanges", []))
        or any(each["CidrIpv6"] == "::/0" for each in rule.get("Ipv6Ranges", []))
    }


def opened_ports(target: Target) -> set[int]:
    """Return the ports of `INNER_PORTS` and SSH that the security group lets someone reach."""
    group = target.output("security_group_id")
    found = target.aws("ec2").describe_security_groups(GroupIds=[group])["SecurityGroups"][0]
    return {
        port
        for rule in found["IpPermissions"]
        for port in (SSH_PORT, *INNER_PORTS)
        if rule["IpProtocol"] in ("tcp", "-1")
        and rule.get("FromPort", 0) <= port <= rule.get("ToPort", 65535)
    }


def check_web_ports(target: Target) -> Outcome:
    """Check that 80 and 443 answer this computer; if not, whether nothing listens there."""
    where = target.where
    found = {p: probe_web(where.ip, where.port(p), tls=p == HTTPS) for p in WEB_PORTS}
    if all(answer is Port.OPEN for answer in found.values()):
        return passed(f"{where.ip} answers on 80 and 443")
    refused = [str(port) for port, answer in found.items() if answer is Port.REFUSED]
    if refused:
        return failed(f"{where.ip} refuses {', '.join(refused)}: no web server listens there")
    silent = [str(port) for port, answer in found.items() if answer is Port.SILENT]
    return failed(
        f"{where.ip} stays silent on {', '.join(silent)}, which the security group opens:"
        " a network on the way, or the server itself, may drop it",
        RESTART,
    )


def check_inner_ports(target: Target) -> Outcome:
    """Check that no service behind the proxy is reachable past it."""
    where, meant = target.where, opened_ports(target)
    ports = [port for port in INNER_PORTS if port not in meant]
    with ThreadPoolExecutor(len(ports) or 1) as pool:
        reached = [
            port
            for port, open_ in zip(
                ports, pool.map(lambda p: _reaches_server(where.ip, p), ports), strict=True
            )
            if open_
        ]
    if reached:
        return failed(f"{where.ip} answers on {', '.join(map(str, reached))} from outside")
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
