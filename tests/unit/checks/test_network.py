"""DNS and ports: the right address, and only what the stack opened."""

import socket
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from workbench.checks import network
from workbench.checks.target import Address
from workbench.checks.target import Target

TARGET = Target(
    "tests",
    {
        "domain": "bench.example",
        "names": ["bench.example", "www.bench.example"],
        "address": "127.8.7.6",
        "security_group_id": "sg-1",
    },
    Address("127.8.7.6"),
)


class Ec2:
    def __init__(self, *rules: dict[str, Any]) -> None:
        self.rules = list(rules)

    def describe_security_groups(self, GroupIds: list[str]) -> dict[str, Any]:
        assert GroupIds == ["sg-1"]
        return {"SecurityGroups": [{"IpPermissions": self.rules}]}


def rule(first: int, last: int | None = None, cidr: str = "0.0.0.0/0", ip: str = "tcp") -> Any:
    return {
        "IpProtocol": ip,
        "FromPort": first,
        "ToPort": last or first,
        "IpRanges": [{"CidrIp": cidr}],
    }


WEB = (rule(80), rule(443))


@pytest.mark.parametrize(
    ("found", "result"),
    [(["127.8.7.6"], "PASS"), ([], "FAIL"), (["127.8.7.6", "10.0.0.1"], "FAIL")],
)
def test_every_name_leads_to_the_address_and_nowhere_else(found: list[str], result: str) -> None:
    assert network.check_dns(replace(TARGET, resolve=lambda name: found)).result == result


def test_a_name_that_leads_elsewhere_is_named() -> None:
    answers = {"bench.example": ["127.8.7.6"], "www.bench.example": ["10.0.0.1"]}
    evidence = network.check_dns(replace(TARGET, resolve=answers.__getitem__)).evidence
    assert evidence == "www.bench.example leads to 10.0.0.1; it should lead to 127.8.7.6"


@pytest.mark.parametrize(
    ("rules", "result"),
    [
        ((*WEB, rule(22, cidr="10.1.2.3/32")), "PASS"),
        ((*WEB, rule(22)), "WARN"),
        ((rule(443),), "FAIL"),
        ((rule(0, ip="-1"),), "FAIL"),
    ],
)
def test_the_security_group_opens_the_web_and_ssh_to_few(rules: Any, result: str) -> None:
    target = replace(TARGET, aws=lambda service: Ec2(*rules))
    assert network.check_security_group(target).result == result


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.8.7.6", 8787)) as server:
        yield server


def test_a_service_that_answers_from_outside_is_found(listener: socket.socket) -> None:
    found = network.check_inner_ports(replace(TARGET, aws=lambda service: Ec2(*WEB)))
    assert (found.result, found.evidence) == ("FAIL", "127.8.7.6 answers on 8787 from outside")


def test_a_port_that_the_stack_opened_may_answer(listener: socket.socket) -> None:
    found = network.check_inner_ports(replace(TARGET, aws=lambda s: Ec2(*WEB, rule(8700, 8799))))
    assert (found.result, "8787" in found.evidence) == ("PASS", False)


def test_a_program_of_this_computer_on_every_address_is_not_the_workbench(
    listener: socket.socket,
) -> None:
    with socket.create_server((network.OTHER_LOOPBACK, 8787)):
        found = network.check_inner_ports(replace(TARGET, aws=lambda service: Ec2(*WEB)))
    assert found.result == "PASS"


def test_web_ports_are_tried_where_they_lead(listener: socket.socket) -> None:
    where = Address("127.8.7.6", {80: 8787, 443: 8787})
    assert network.check_web_ports(replace(TARGET, address=where)).result == "PASS"
    where = Address("127.8.7.6", {80: 8787, 443: 8788})
    found = network.check_web_ports(replace(TARGET, address=where))
    assert (found.result, found.evidence) == ("FAIL", "127.8.7.6 doesn't answer on 443")
