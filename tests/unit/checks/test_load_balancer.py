"""The load balancer in front: whose requests it sends where."""

from collections.abc import Iterator
from typing import Any

import pytest

from workbench.checks.check import Outcome
from workbench.checks.load_balancer import check_load_balancer
from workbench.checks.target import Target

FRONT = "lab-1.us-east-1.elb.amazonaws.com"
HEALTHY = {"State": "healthy"}


class Balancing:
    """Two load balancers; that of the workbench has these target groups."""

    def __init__(self, *groups: dict[str, dict[str, str]]) -> None:
        self.groups = groups

    def get_paginator(self, name: str) -> "Balancing":
        assert name == "describe_load_balancers"
        return self

    def paginate(self) -> Iterator[dict[str, Any]]:
        other = {"DNSName": "other.elb.amazonaws.com", "LoadBalancerArn": "arn:other"}
        yield {"LoadBalancers": [other]}
        yield {"LoadBalancers": [{"DNSName": f"LAB{FRONT[3:]}", "LoadBalancerArn": "arn:lab"}]}

    def describe_target_groups(self, LoadBalancerArn: str) -> dict[str, Any]:
        assert LoadBalancerArn == "arn:lab"
        return {"TargetGroups": [{"TargetGroupArn": n} for n in range(len(self.groups))]}

    def describe_target_health(self, TargetGroupArn: int) -> dict[str, Any]:
        members = self.groups[TargetGroupArn].items()
        return {
            "TargetHealthDescriptions": [
                {"Target": {"Id": name, "Port": 443}, "TargetHealth": health}
                for name, health in members
            ]
        }


def check(*groups: dict[str, dict[str, str]], front: str | None = FRONT) -> Outcome:
    outputs = {"instance_id": "i-1", "entrance": front}
    return check_load_balancer(
        Target("lab", outputs, aws={"elbv2": Balancing(*groups)}.__getitem__)
    )


def test_a_workbench_without_one_is_not_asked_about() -> None:
    assert check(front=None).result == "SKIP"


def test_it_sends_requests_to_this_server() -> None:
    found = check({"i-1": HEALTHY})
    assert (found.result, found.evidence) == ("PASS", f"{FRONT} → i-1, healthy")


@pytest.mark.parametrize("groups", [[], [{}], [{"i-2": HEALTHY}]])
def test_a_server_that_gets_no_requests_fails(groups: list[Any]) -> None:
    found = check(*groups)
    assert found.result == "FAIL"
    assert found.evidence == f"{FRONT} doesn't send requests to this server (i-1)"


def test_two_workbenches_behind_one_load_balancer_are_told_of_each_other() -> None:
    found = check({"i-3": HEALTHY, "i-1": HEALTHY, "i-2": {"State": "unhealthy"}})
    assert found.result == "FAIL"
    assert found.evidence.endswith("sends some of the requests to another server: i-2, i-3")
    assert "an Entrance of its own" in found.fix


def test_a_server_that_was_just_replaced_gets_no_requests_any_more() -> None:
    assert check({"i-1": HEALTHY, "i-2": {"State": "draining"}}).result == "PASS"


def test_other_target_groups_of_the_load_balancer_are_not_the_workbenchs() -> None:
    assert check({"i-2": HEALTHY}, {"i-1": HEALTHY}).result == "PASS"


@pytest.mark.parametrize(
    ("health", "told"),
    [
        ({"State": "initial"}, "initial"),
        (
            {"State": "unhealthy", "Description": "Request timed out"},
            "unhealthy: Request timed out",
        ),
    ],
)
def test_a_server_that_is_not_well_for_it_fails(health: dict[str, str], told: str) -> None:
    found = check({"i-1": health})
    assert (found.result, found.evidence) == ("FAIL", f"for {FRONT}, this server is {told}")
