"""The server looks up names, or it is said that it can't and where to look."""

from dataclasses import replace
from typing import Any

import pytest

from workbench.checks.check import Check
from workbench.checks.check import run_checks
from workbench.checks.names import check_names
from workbench.checks.target import Answer
from workbench.checks.target import Target


class Ec2:
    def describe_instances(self, InstanceIds: list[str]) -> dict[str, Any]:
        assert InstanceIds == ["i-1"]
        return {"Reservations": [{"Instances": [{"VpcId": "vpc-7"}]}]}


def target(server: Any, region: str = "eu-west-1") -> Target:
    outputs = {"region": region, "instance_id": "i-1"}
    return Target("tests", outputs, server=lambda: server, aws={"ec2": Ec2()}.__getitem__)


@pytest.mark.parametrize(
    ("region", "name"),
    [
        ("eu-west-1", "s3.eu-west-1.amazonaws.com"),
        ("cn-north-1", "s3.cn-north-1.amazonaws.com.cn"),
    ],
)
def test_a_server_that_finds_names_passes(shell: Any, region: str, name: str) -> None:
    server = shell(**{f"timeout_10_getent_ahostsv4_{name}": f"52.218.1.1 STREAM {name}\n"})
    found = check_names(target(server, region))
    assert (found.result, found.evidence) == (
        "PASS",
        f"{name} is 52.218.1.1, asked from the server",
    )


@pytest.mark.parametrize("answer", [Answer(2, ""), Answer(0, ""), Answer(2, "52.218.1.1")])
def test_a_server_without_names_fails_with_the_vpc_to_look_at(shell: Any, answer: Answer) -> None:
    found = check_names(target(shell(timeout=answer)))
    assert (found.result, "(DNS)" in found.evidence) == ("FAIL", True)
    assert found.fix.endswith("--vpc-id vpc-7")


def test_without_a_region_it_says_what_is_missing(shell: Any) -> None:
    nowhere = replace(target(shell()), outputs={})
    (report,) = run_checks([Check("server-names", check_names)], nowhere)
    assert (report.result, "no output 'region'" in report.evidence) == ("FAIL", True)
