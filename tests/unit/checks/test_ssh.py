"""SSH: a closed port, a stopped server and another host key are told apart."""

import socket
import threading
from collections.abc import Callable
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import paramiko
import pytest

from workbench.checks import ssh
from workbench.checks.ports import Port
from workbench.checks.target import Address
from workbench.checks.target import Answer
from workbench.checks.target import HostKeys
from workbench.checks.target import Target
from workbench.configured import Configured

KEY, OTHER = paramiko.ECDSAKey.generate(), paramiko.ECDSAKey.generate()
TARGET = Target("tests", {"security_group_id": "sg-1"}, Address("127.0.0.1"))


class Ec2:
    def __init__(self, *sources: str) -> None:
        ranges = [{"CidrIp": source} for source in sources]
        self.rules = [
            {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "IpRanges": [{"CidrIp": "x"}]},
            {"IpProtocol": "tcp", "FromPort": 20, "ToPort": 25, "IpRanges": ranges},
        ]

    def describe_security_groups(self, GroupIds: list[str]) -> dict[str, Any]:
        assert GroupIds == ["sg-1"]
        return {"SecurityGroups": [{"IpPermissions": self.rules}]}


@pytest.mark.parametrize(
    ("rule", "opens"),
    [
        ({"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22}, True),
        ({"IpProtocol": "tcp", "FromPort": 23, "ToPort": 65535}, False),
        ({"IpProtocol": "tcp", "FromPort": 0, "ToPort": 21}, False),
        ({"IpProtocol": "udp", "FromPort": 22, "ToPort": 22}, False),
        # Every protocol has no ports.
        ({"IpProtocol": "-1"}, True),
    ],
)
def test_who_may_use_ssh_by_a_rule(rule: dict[str, Any], opens: bool) -> None:
    ec2 = Ec2()
    ec2.rules = [
        rule | {"IpRanges": [{"CidrIp": "10.0.0.0/8"}], "Ipv6Ranges": [{"CidrIpv6": "fd00::/8"}]},
        # Another group's members, by no address.
        rule | {"UserIdGroupPairs": [{"GroupId": "sg-2"}]},
    ]
    found = ssh.ssh_sources(replace(TARGET, aws={"ec2": ec2}.__getitem__))
    assert found == (["10.0.0.0/8", "fd00::/8"] if opens else [])


@pytest.mark.parametrize(
    ("answer", "sources", "configured", "result", "words", "fix"),
    [
        (Port.OPEN, [], "", "PASS", "127.0.0.1 answers on 22", ""),
        (
            Port.REFUSED,
            ["10.0.0.0/8"],
            "",
            "FAIL",
            "127.0.0.1 port 22 refuses: the SSH server isn't running",
            ssh.RESTART,
        ),
        (
            Port.SILENT,
            ["10.0.0.0/8", "192.0.2.0/24"],
            "",
            "FAIL",
            "127.0.0.1 port 22 doesn't answer: the security group opens it to 10.0.0.0/8, "
            "192.0.2.0/24, and this computer may have another address",
            ssh.ALLOW,
        ),
        (
            Port.SILENT,
            [],
            "",
            "FAIL",
            "127.0.0.1 port 22 is closed: the security group opens it to nobody",
            ssh.ALLOW,
        ),
        (
            Port.REFUSED,
            [],
            "[]",
            "FAIL",
            "127.0.0.1 port 22 is closed: the security group opens it to nobody",
            ssh.ALLOW,
        ),
        (
            Port.SILENT,
            [],
            '["10.0.0.0/8"]',
            "FAIL",
            "127.0.0.1 port 22 is closed: the security group opens it to nobody",
            ssh.UP,
        ),
    ],
)
def test_why_the_port_does_not_answer(
    monkeypatch: pytest.MonkeyPatch,
    answer: Port,
    sources: list[str],
    configured: str,
    result: str,
    words: str,
    fix: str,
) -> None:
    asked = []

    def probe(ip: str, port: int, *, timeout: float) -> Port:
        asked.append((ip, port, timeout))
        return answer

    monkeypatch.setattr(ssh, "probe", probe)
    config = {"workbench:sshFrom": configured} if configured else {}
    found = ssh.check_ssh_port(
        replace(TARGET, aws={"ec2": Ec2(*sources)}.__getitem__, configured=Configured(config))
    )
    assert (found.result, found.fix) == (result, fix)
    assert found.evidence == words
    assert asked == [("127.0.0.1", 22, ssh.TIMEOUT)]


@pytest.mark.parametrize(
    ("outputs", "way"),
    [({}, "the ProxyCommand"), ({"instance_connect_endpoint": "eice-1"}, "eice-1")],
)
def test_a_server_that_ssh_goes_to_another_way_is_asked_that_way(
    outputs: dict[str, str], way: str
) -> None:
    ours, theirs = socket.socketpair()
    found = ssh.check_ssh_port(
        Target("tests", outputs, Address("10.0.1.5"), ssh_proxy=lambda: ours)
    )
    assert (found.result, found.evidence) == ("PASS", f"10.0.1.5 answers on 22, by {way}")
    with theirs:
        assert theirs.recv(1) == b""


@pytest.fixture
def server() -> Iterator[Target]:
    """Give an SSH server that shows KEY and lets nobody in."""
    listener = socket.create_server(("127.0.0.1", 0))
    transports: list[paramiko.Transport] = []

    def run() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            transport = paramiko.Transport(connection)
            transport.add_server_key(KEY)
            transports.append(transport)
            transport.start_server(event=threading.Event(), server=paramiko.ServerInterface())

    threading.Thread(target=run, daemon=True).start()
    yield replace(TARGET, address=Address("127.0.0.1", {22: listener.getsockname()[1]}))
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    for transport in transports:
        transport.close()


def row(key: paramiko.PKey) -> tuple[str, str]:
    return key.get_name(), key.get_base64()


CHANGED = (
    ": it may be another server, or its keys were changed. Restarting restores those on the data"
    " volume"
)
SAID = f"{KEY.get_name()} {ssh.fingerprint(KEY.get_base64())}"


@pytest.mark.parametrize(
    ("keys", "result", "evidence"),
    [
        (HostKeys((row(KEY),), ()), "PASS", f"{SAID}, as pinned"),
        (
            HostKeys((row(OTHER),), (row(KEY),)),
            "PASS",
            f"{SAID}, matching the console; pinned at the next sign-in",
        ),
        (
            HostKeys((), ()),
            "WARN",
            f"{SAID}; the console shows no host keys yet to compare it with",
        ),
        (
            HostKeys((row(OTHER),), ()),
            "FAIL",
            f"127.0.0.1 shows the host key {SAID}, not {ssh.fingerprint(OTHER.get_base64())}"
            f"{CHANGED}",
        ),
        (
            HostKeys((("ssh-rsa", "AAAA"),), ()),
            "FAIL",
            f"127.0.0.1 shows the host key {SAID}, of a kind that wasn't pinned{CHANGED}",
        ),
    ],
    # The keys are made again in every process, and a test is called the same in all of them.
    ids=["as pinned", "printed since", "none known", "another", "another kind"],
)
def test_the_host_key_is_compared(
    server: Target, keys: HostKeys, result: str, evidence: str
) -> None:
    found = ssh.check_host_key(replace(server, host_keys=lambda: keys))
    assert found.result == result
    assert found.evidence == evidence
    assert found.fix == (ssh.RESTART if result == "FAIL" else "")


def test_a_fingerprint_is_opensshs() -> None:
    assert ssh.fingerprint(KEY.get_base64()) == KEY.fingerprint


Shell = Callable[..., Any]


@pytest.mark.parametrize(
    ("answer", "result", "evidence"),
    [
        (Answer(0, "admin\nip-10\n"), "PASS", "admin at ip-10"),
        (Answer(0, "admin\nip-10\nmore\n"), "PASS", "admin at ip-10\nmore"),
        (Answer(1, "", "no shell\n"), "FAIL", "no shell"),
    ],
)
def test_the_administrator_gets_in(
    shell: Shell, answer: Answer, result: str, evidence: str
) -> None:
    found = ssh.check_ssh(replace(TARGET, server=lambda: shell(id=answer)))
    assert (found.result, found.evidence) == (result, evidence)
