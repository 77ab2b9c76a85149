"""Ports: only what the stack opened answers."""

import socket
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from workbench.checks import network
from workbench.checks.target import Address
from workbench.checks.target import Target
from workbench.configured import Configured

TARGET = Target(
    "tests",
    {
        "domain": "bench.example",
        "names": ["bench.example", "www.bench.example"],
        "address": "127.8.7.6",
        "security_group_id": "sg-1",
        "instance_id": "i-1",
    },
    Address("127.8.7.6"),
)


class Ec2:
    """The rules of sg-1, and of the further groups that the server has, each by its name."""

    def __init__(self, *rules: dict[str, Any], **further: list[dict[str, Any]]) -> None:
        named = {name.replace("_", "-"): each for name, each in further.items()}
        self.groups = {"sg-1": [rule(0, ip="-1") | {"IsEgress": True}, *rules], **named}

    def describe_security_group_rules(self, Filters: list[Any]) -> dict[str, Any]:
        ((group,),) = (each["Values"] for each in Filters if each["Name"] == "group-id")
        return {
            "SecurityGroupRules": [each | {"GroupId": group} for each in self.groups[group]],
        }

    def describe_instances(self, Filters: list[Any]) -> dict[str, Any]:
        assert Filters == [{"Name": "instance-id", "Values": ["i-1"]}]
        groups = [{"GroupId": each} for each in self.groups]
        return {"Reservations": [{"Instances": [{"SecurityGroups": groups}]}]}


def rule(first: int, last: int | None = None, cidr: str = "0.0.0.0/0", ip: str = "tcp") -> Any:
    return {
        "SecurityGroupRuleId": f"sgr-{first}",
        "IsEgress": False,
        "IpProtocol": ip,
        "FromPort": first,
        "ToPort": last or first,
        "CidrIpv6" if ":" in cidr else "CidrIpv4": cidr,
    }


WEB = (rule(80), rule(443))
BEHIND = replace(
    TARGET,
    outputs={
        **TARGET.outputs,
        "entrance": "lab.elb.example",
        "entrance_security_group_id": "sg-lb",
    },
)
FROM_BALANCER = [
    {key: value for key, value in rule(port).items() if key != "CidrIpv4"}
    | {"ReferencedGroupInfo": {"GroupId": "sg-lb"}}
    for port in (80, 443)
]
REVOKE = "aws ec2 revoke-security-group-ingress --group-id sg-1 --security-group-rule-ids"


@pytest.mark.parametrize(
    ("rules", "result", "evidence", "fix"),
    [
        ((*WEB, rule(22, cidr="10.1.2.3/32")), "PASS", "sg-1 opens 22, 80, 443", ""),
        ((*WEB, rule(22)), "WARN", "sg-1 opens port 22 to every address", f"{REVOKE} sgr-22"),
        ((rule(443),), "FAIL", "sg-1 doesn't open 80", ""),
        ((rule(22),), "FAIL", "sg-1 doesn't open 80, 443", ""),
        ((*WEB, rule(-1, ip="-1")), "FAIL", "sg-1 opens every port: all to 0.0.0.0/0", REVOKE),
        # Opened manually: a service's own port, a range around SSH's, another protocol.
        (
            (*WEB, rule(8787), rule(9000)),
            "WARN",
            "sg-1 opens what workbench:extraPorts doesn't name: tcp 8787 to 0.0.0.0/0, tcp 9000 to"
            " 0.0.0.0/0",
            f"{REVOKE} sgr-8787 sgr-9000",
        ),
        (
            (*WEB, rule(8787)),
            "WARN",
            "sg-1 opens what workbench:extraPorts doesn't name: tcp 8787 to 0.0.0.0/0",
            f"{REVOKE} sgr-8787",
        ),
        (
            (*WEB, rule(8787, cidr="::/0")),
            "WARN",
            "sg-1 opens what workbench:extraPorts doesn't name: tcp 8787 to ::/0",
            f"{REVOKE} sgr-8787",
        ),
        (
            (*WEB, rule(20, 25)),
            "WARN",
            "sg-1 opens what workbench:extraPorts doesn't name: tcp 20-25 to 0.0.0.0/0",
            f"{REVOKE} sgr-20",
        ),
        (
            (*WEB, rule(443, ip="udp")),
            "WARN",
            "sg-1 opens what workbench:extraPorts doesn't name: udp 443 to 0.0.0.0/0",
            f"{REVOKE} sgr-443",
        ),
    ],
)
def test_the_security_group_opens_the_web_and_ssh_to_few(
    rules: Any, result: str, evidence: str, fix: str
) -> None:
    found = network.check_security_group(replace(TARGET, aws={"ec2": Ec2(*rules)}.__getitem__))
    assert found.result == result
    assert found.evidence == evidence
    assert found.fix.startswith(fix)
    assert bool(found.fix) == bool(fix)


@pytest.mark.parametrize(
    ("more", "result", "evidence", "fix"),
    [
        ([], "PASS", "sg-1 opens 80, 443", ""),
        (
            [rule(443, cidr="10.1.2.3/32")],
            "FAIL",
            "sg-1 opens the web without going through the load balancer: tcp 443 to 10.1.2.3/32",
            f"{REVOKE} sgr-443",
        ),
        (
            [rule(440, 450, ip="udp")],
            "FAIL",
            "sg-1 opens the web without going through the load balancer: udp 440-450 to 0.0.0.0/0",
            f"{REVOKE} sgr-440",
        ),
    ],
)
def test_behind_a_load_balancer_only_that_reaches_the_web(
    more: Any, result: str, evidence: str, fix: str
) -> None:
    ec2 = Ec2(*FROM_BALANCER, *more)
    found = network.check_security_group(replace(BEHIND, aws={"ec2": ec2}.__getitem__))
    assert (found.result, found.evidence, found.fix) == (result, evidence, fix)

    open_to_all = replace(BEHIND, aws={"ec2": Ec2(*WEB)}.__getitem__)
    assert "doesn't open 80, 443 to the load balancer's group, sg-lb" in (
        network.check_security_group(open_to_all).evidence
    )


SHOW = "aws ec2 describe-security-group-rules --security-group-rule-ids"


@pytest.mark.parametrize(
    ("further", "told", "rules"),
    [
        ({"sg_2": [rule(443)]}, "sg-2 …: tcp 443 to 0.0.0.0/0", "sgr-443"),
        ({"sg_2": [rule(80, cidr="::/0")]}, "sg-2 …: tcp 80 to ::/0", "sgr-80"),
        ({"sg_2": [rule(-1, ip="-1")]}, "sg-2 …: all to 0.0.0.0/0", "sgr--1"),
        # HTTP/3, and a range that has it in it.
        ({"sg_2": [rule(400, 500, ip="udp")]}, "sg-2 …: udp 400-500 to 0.0.0.0/0", "sgr-400"),
        (
            {"sg_3": [rule(443)], "sg_2": [rule(80)]},
            "sg-2, sg-3 …: tcp 443 to 0.0.0.0/0, tcp 80 to 0.0.0.0/0",
            "sgr-443 sgr-80",
        ),
        # An organization's own network, its other ports, and what leads out.
        (
            {"sg_2": [rule(443, cidr="10.0.0.0/8"), rule(22), rule(443) | {"IsEgress": True}]},
            "",
            "",
        ),
    ],
)
def test_further_groups_that_open_the_web_past_the_load_balancer_are_told(
    further: dict[str, Any], told: str, rules: str
) -> None:
    ec2 = Ec2(*FROM_BALANCER, **further)
    found = network.check_security_group(replace(BEHIND, aws={"ec2": ec2}.__getitem__))
    if not told:
        assert (found.result, found.evidence) == ("PASS", "sg-1 opens 80, 443")
        return
    past = "(security_group_ids) opens the web without going through the load balancer"
    assert (found.result, found.evidence) == ("WARN", told.replace("…", past))
    assert found.fix.startswith(f"{SHOW} {rules}   shows them; close them, or take the group")


def test_without_a_load_balancer_further_groups_are_the_organizations() -> None:
    target = replace(TARGET, aws={"ec2": Ec2(*WEB, sg_2=[rule(443)])}.__getitem__)
    assert network.check_security_group(target).result == "PASS"


def test_a_server_that_ec2_has_forgotten_has_no_further_groups() -> None:
    ec2 = Ec2(*FROM_BALANCER)
    ec2.describe_instances = lambda **_: {"Reservations": []}  # type: ignore[method-assign]
    found = network.check_security_group(replace(BEHIND, aws={"ec2": ec2}.__getitem__))
    assert found.result == "PASS"


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ({"CidrIpv6": "fd00::/8"}, "fd00::/8"),
        ({"PrefixListId": "pl-1"}, "pl-1"),
        ({"ReferencedGroupInfo": {"GroupId": "sg-2"}}, "sg-2"),
        ({"ReferencedGroupInfo": {}}, "?"),
        ({}, "?"),
    ],
)
def test_whom_a_rule_lets_in_is_named(source: dict[str, Any], told: str) -> None:
    opened = {key: value for key, value in rule(8787).items() if key != "CidrIpv4"} | source
    found = network.check_security_group(
        replace(TARGET, aws={"ec2": Ec2(*WEB, opened)}.__getitem__)
    )
    assert (
        found.evidence == f"sg-1 opens what workbench:extraPorts doesn't name: tcp 8787 to {told}"
    )


def test_rules_are_taken_away_where_they_are() -> None:
    outputs = dict(TARGET.outputs) | {"region": "eu-west-1"}
    ec2 = Ec2(*WEB, rule(8787), rule(9000))
    found = network.check_security_group(
        replace(TARGET, outputs=outputs, aws={"ec2": ec2}.__getitem__)
    )
    assert found.fix == f"{REVOKE} sgr-8787 sgr-9000 --region eu-west-1"


def test_what_the_configuration_opens_is_meant() -> None:
    extra = (
        '[{"port":8787,"cidrBlocks":["10.0.0.0/8"]},'
        '{"port":53,"protocol":"udp","cidrBlocks":["0.0.0.0/0"]}]'
    )
    opened = (*WEB, rule(22), rule(8787, cidr="10.0.0.0/8"), rule(53, ip="udp"))
    config = {"workbench:extraPorts": extra, "workbench:sshFrom": '["0.0.0.0/0"]'}
    target = replace(TARGET, aws={"ec2": Ec2(*opened)}.__getitem__, configured=Configured(config))
    found = network.check_security_group(target)
    assert found.evidence == "sg-1 opens port 22 to every address"
    assert found.fix == "workbench ssh.allow --address 0.0.0.0/0 --remove --stack {stack}"


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.8.7.6", 8787)) as server:
        yield server


def test_a_service_that_answers_from_outside_is_found(listener: socket.socket) -> None:
    found = network.check_inner_ports(replace(TARGET, aws={"ec2": Ec2(*WEB)}.__getitem__))
    told = "127.8.7.6 answers on 8787 from outside"
    assert (found.result, found.evidence, found.fix) == ("FAIL", told, "")


def test_closed_ports_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(network, "inner_ports", lambda target: [8000, 8787])
    found = network.check_inner_ports(TARGET)
    assert (found.result, found.evidence) == ("PASS", "closed from outside: 8000, 8787")
    monkeypatch.setattr(network, "_reaches_server", lambda ip, port: True)
    found = network.check_inner_ports(replace(TARGET, aws={"ec2": Ec2(*WEB)}.__getitem__))
    assert found.evidence == "127.8.7.6 answers on 8000, 8787 from outside"


def test_a_port_that_was_opened_by_hand_may_not_answer(listener: socket.socket) -> None:
    ec2 = Ec2(*WEB, rule(8700, 8799))
    found = network.check_inner_ports(replace(TARGET, aws={"ec2": ec2}.__getitem__))
    assert (found.result, found.fix) == ("FAIL", f"{REVOKE} sgr-8700")


def test_at_a_private_address_something_else_may_answer(listener: socket.socket) -> None:
    private = replace(TARGET, aws={"ec2": Ec2(*WEB)}.__getitem__, is_public=False)
    found = network.check_inner_ports(private)
    told = "answers on 8787 from outside, which no security group opens: it isn't this server"
    assert (found.result, told in found.evidence) == ("SKIP", True)

    opened = {"ec2": Ec2(*WEB, rule(8700, 8799))}.__getitem__
    found = network.check_inner_ports(replace(private, aws=opened))
    assert (found.result, found.fix) == ("FAIL", f"{REVOKE} sgr-8700")


def test_a_port_that_the_configuration_opens_may_answer(listener: socket.socket) -> None:
    config = {"workbench:extraPorts": '[{"port":8787,"cidrBlocks":["0.0.0.0/0"]}]'}
    found = network.check_inner_ports(replace(TARGET, configured=Configured(config)))
    assert (found.result, "8787" in found.evidence) == ("PASS", False)


def test_a_program_of_this_computer_on_every_address_is_not_the_workbench(
    listener: socket.socket,
) -> None:
    with socket.create_server((network.OTHER_LOOPBACK, 8787)):
        found = network.check_inner_ports(replace(TARGET, aws={"ec2": Ec2(*WEB)}.__getitem__))
    assert found.result == "PASS"


def test_whom_the_web_is_open_to_is_whom_https_is() -> None:
    # Port 80 may stay open to everyone, for the certificate's authority.
    ec2 = Ec2(rule(80), rule(443, cidr="192.0.2.0/24"), rule(22, cidr="198.51.100.0/24"))
    found = Target("tests", {"security_group_id": "sg-1"}, aws={"ec2": ec2}.__getitem__)
    assert network.web_sources(found) == ["192.0.2.0/24"]


def test_the_web_is_open_to_whom_everything_is_open_to() -> None:
    ec2 = Ec2(rule(-1, cidr="192.0.2.0/24", ip="-1"))
    found = Target("tests", {"security_group_id": "sg-1"}, aws={"ec2": ec2}.__getitem__)
    assert network.web_sources(found) == ["192.0.2.0/24"]
