"""Why the server doesn't answer by SSH: gone, stopped, closed to this computer, or none of it."""

import ipaddress
import socket
from collections.abc import Iterator
from typing import TYPE_CHECKING
from typing import Any

from workbench.checks.instance import explain_gone
from workbench.checks.instance import read_instance
from workbench.configured import SSH_PROXY_COMMAND
from workbench.errors import WorkbenchError
from workbench.remote.own_address import find_own_address

if TYPE_CHECKING:
    from workbench.remote.stack_state import StackState

SSH_PORT = 22
# EC2's words for an instance that never runs again.
ENDED = ("shutting-down", "terminated")


def explain_unreachable(
    ec2: Any, instance_id: str, host: str, stack: str, *, is_direct: bool = True
) -> WorkbenchError | None:
    """Return what AWS says about the reason, with what to type; None where it says nothing.

    ``is_direct``: without a ProxyCommand, whose address the server sees in place of this computer.
    """
    described = ec2.describe_instances(Filters=[{"Name": "instance-id", "Values": [instance_id]}])
    found = described["Reservations"]
    instance = found[0]["Instances"][0] if found else {}
    state = instance.get("State", {}).get("Name", "")
    if not state:
        return WorkbenchError(
            f"AWS knows no server {instance_id}: it is gone, or these are credentials of another"
            " account.",
            f"workbench doctor --stack {stack}   says which",
        )
    if state in ENDED:
        return WorkbenchError(
            f"The server {instance_id} is {state}.", f"workbench up --stack {stack}"
        )
    if state != "running":
        # "pending" has no answer yet, and start waits for it.
        return WorkbenchError(
            f"The server {instance_id} is {state}.", f"workbench start --stack {stack}"
        )
    if not is_direct:
        return None
    if host == instance.get("PrivateIpAddress"):
        return WorkbenchError(
            f"The server has no public address: SSH would use its private one, {host}, which takes"
            " a way into its network.",
            "Connect this computer to that network, for example by a VPN, or name a way in:\n"
            f"  pulumi config set {SSH_PROXY_COMMAND} 'ssh -W %h:%p BASTION' --stack {stack}",
        )
    groups = [group["GroupId"] for group in instance.get("SecurityGroups", [])]
    return _closed(list(open_networks(ec2, groups)), host, stack)


def _closed(networks: list[str], host: str, stack: str) -> WorkbenchError | None:
    hint = f"workbench ssh.allow --stack {stack}"
    if not networks:
        return WorkbenchError(f"Port {SSH_PORT} of {host} is closed to every address.", hint)
    own = address_towards(host)
    if allows(networks, own):
        return None
    return WorkbenchError(
        f"Port {SSH_PORT} of {host} is closed to this computer's address, {own}:"
        f" open to {', '.join(networks)} only.",
        hint,
    )


def address_towards(host: str) -> str:
    """Return the address that ``host`` sees this computer come from.

    To a public one that is asked of a service outside: a router in between may have its own.
    """
    if ipaddress.ip_address(host).is_global:
        return find_own_address()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        # Sends nothing: the kernel says which address it would take.
        probe.connect((host, SSH_PORT))
        return str(probe.getsockname()[0])


def allows(networks: list[str], address: str) -> bool:
    """Whether an address, or a whole range, lies in one of the ranges."""
    wanted = ipaddress.ip_network(address, strict=False)
    return any(_contains(ipaddress.ip_network(each, strict=False), wanted) for each in networks)


def _contains(outer: Any, inner: Any) -> bool:
    return bool(outer.version == inner.version and inner.subnet_of(outer))


def open_networks(ec2: Any, groups: list[str]) -> Iterator[str]:
    """Give the ranges of addresses that security groups let in to port 22."""
    for group in ec2.describe_security_groups(GroupIds=groups)["SecurityGroups"] if groups else []:
        for rule in group["IpPermissions"]:
            every = rule["IpProtocol"] == "-1"
            if every or rule.get("FromPort", 0) <= SSH_PORT <= rule.get("ToPort", 0):
                yield from (each["CidrIp"] for each in rule.get("IpRanges", []))
                yield from (each["CidrIpv6"] for each in rule.get("Ipv6Ranges", []))


def has_other_key_pair(ec2: Any, instance_id: str, key: str) -> bool:
    """Whether EC2 gave the instance another key than this one (base64) at its first boot."""
    described = ec2.describe_instances(Filters=[{"Name": "instance-id", "Values": [instance_id]}])
    found = described["Reservations"]
    name = found[0]["Instances"][0].get("KeyName") if found else None
    if not name:
        return True
    pairs = ec2.describe_key_pairs(
        Filters=[{"Name": "key-name", "Values": [name]}], IncludePublicKey=True
    )["KeyPairs"]
    return not any(key in pair.get("PublicKey", "").split() for pair in pairs)


def gone_error(state: "StackState") -> WorkbenchError:
    """Return why the stack has no server, and what to type."""
    ident, target = str(state.outputs["instance_id"]), state.target()
    instance = read_instance(target)
    if instance is not None:
        return WorkbenchError(
            f"The instance {ident} is {instance['State']['Name']}.",
            f"workbench up --stack {state.stack}",
        )
    found = explain_gone(target, ident)
    return WorkbenchError(f"{found.evidence}.", found.fix.format(stack=state.stack))
