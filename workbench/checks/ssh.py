"""SSH: the port answers, the host key is the pinned one, and the administrator gets in."""

import base64
import hashlib
import socket

from workbench.checks.check import Outcome
from workbench.checks.check import failed
from workbench.checks.check import passed
from workbench.checks.check import warned
from workbench.checks.ports import Port
from workbench.checks.ports import probe
from workbench.checks.target import Target

SSH_PORT = 22
TIMEOUT = 10.0
# A boot converges, which puts the keys of the data volume in place and prints them.
RESTART = "workbench restart --force --stack {stack}"
ALLOW = "workbench ssh.allow --stack {stack}"
UP = "workbench up --stack {stack}"


def check_ssh_port(target: Target) -> Outcome:
    """Check that SSH answers this computer; if not, whether it may, and whether it listens."""
    where = target.where
    if target.ssh_proxy is not None:
        target.ssh_proxy().close()
        way = target.outputs.get("instance_connect_endpoint") or "the ProxyCommand"
        return passed(f"{where.ip} answers on {SSH_PORT}, by {way}")
    answer = probe(where.ip, where.port(SSH_PORT), timeout=TIMEOUT)
    if answer is Port.OPEN:
        return passed(f"{where.ip} answers on {SSH_PORT}")
    sources = ssh_sources(target)
    if not sources:
        told = f"{where.ip} port {SSH_PORT} is closed: the security group opens it to nobody"
        # What the configuration opens was closed behind Pulumi's back.
        return failed(told, UP if target.configured.ssh_from else ALLOW)
    if answer is Port.REFUSED:
        return failed(f"{where.ip} port {SSH_PORT} refuses: the SSH server isn't running", RESTART)
    return failed(
        f"{where.ip} port {SSH_PORT} doesn't answer: the security group opens it to"
        f" {', '.join(sources)}, and this computer may have another address",
        ALLOW,
    )


def check_ssh(target: Target) -> Outcome:
    """Check that the administrator gets in."""
    answer = target.server().run("id -un && hostname", limit=30)
    user, _, host = answer.stdout.strip().partition("\n")
    return passed(f"{user} at {host}") if answer.ok else failed(answer.stderr.strip())


def ssh_sources(target: Target) -> list[str]:
    """Return the ranges of addresses that the security group lets use SSH."""
    group = target.output("security_group_id")
    found = target.aws("ec2").describe_security_groups(GroupIds=[group])["SecurityGroups"][0]
    return sorted(
        str(source.get("CidrIp") or source.get("CidrIpv6"))
        for rule in found["IpPermissions"]
        if rule["IpProtocol"] in ("tcp", "-1")
        and rule.get("FromPort", SSH_PORT) <= SSH_PORT <= rule.get("ToPort", SSH_PORT)
        for source in (*rule.get("IpRanges", []), *rule.get("Ipv6Ranges", []))
    )


def check_host_key(target: Target) -> Outcome:
    """Check that the server shows a host key that was pinned, or that its console printed."""
    known = target.host_keys()
    kind, shown = read_host_key(target)
    said = f"{kind} {fingerprint(shown)}"
    if (kind, shown) in known.pinned:
        return passed(f"{said}, as pinned")
    if (kind, shown) in known.console:
        return passed(f"{said}, matching the console; pinned at the next sign-in")
    if not known.pinned and not known.console:
        return warned(f"{said}; the console shows no host keys yet to compare it with")
    expected = next((key for k, key in (*known.console, *known.pinned) if k == kind), "")
    other = f"not {fingerprint(expected)}" if expected else "of a kind that wasn't pinned"
    return failed(
        f"{target.where.ip} shows the host key {said}, {other}: it may be another server, or"
        " its keys were changed. Restarting restores those on the data volume",
        RESTART,
    )


def read_host_key(target: Target) -> tuple[str, str]:
    """Return type and key (base64) that the server's SSH shows, signing in to nothing."""
    import paramiko

    transport = paramiko.Transport(_connect(target))
    try:
        transport.start_client(timeout=TIMEOUT)
        key = transport.get_remote_server_key()
    finally:
        transport.close()
    return key.get_name(), key.get_base64()


def _connect(target: Target) -> socket.socket:
    if target.ssh_proxy is not None:
        return target.ssh_proxy()
    where = target.where
    return socket.create_connection((where.ip, where.port(SSH_PORT)), timeout=TIMEOUT)


def fingerprint(key: str) -> str:
    """Return a key's fingerprint as OpenSSH shows it."""
    digest = hashlib.sha256(base64.b64decode(key)).digest()
    return f"SHA256:{base64.b64encode(digest).decode().removesuffix('=')}"
