"""The server looks up names, or it is said that it can't and where to look."""

from dataclasses import replace
from typing import Any

from workbench.checks.check import Check
from workbench.checks.check import run_checks
from workbench.checks.names import check_names
from workbench.checks.target import Answer
from workbench.checks.target import Target


class Ec2:
    def describe_instances(self, **_: Any) -> dict[str, Any]:
        return {"Reservations": [{"Instances": [{"VpcId": "vpc-7"}]}]}


def target(server: Any) -> Target:
    outputs = {"region": "eu-west-1", "instance_id": "i-1"}
    return Target("tests", outputs, server=lambda: server, aws={"ec2": Ec2()}.__getitem__)


def test_a_server_that_finds_names_passes(shell: Any) -> None:
    server = shell(timeout="52.218.1.1 STREAM s3.eu-west-1.amazonaws.com\n")
    found = check_names(target(server))
    assert (found.result, "is 52.218.1.1" in found.evidence) == ("PASS", True)


def test_a_server_without_names_fails_with_the_vpc_to_look_at(shell: Any) -> None:
    found = check_names(target(shell(timeout=Answer(2, ""))))
    assert (found.result, "(DNS)" in found.evidence) == ("FAIL", True)
    assert found.fix.endswith("--vpc-id vpc-7")


def test_without_a_region_it_says_what_is_missing(shell: Any) -> None:
    nowhere = replace(target(shell()), outputs={})
    (report,) = run_checks([Check("server-names", check_names)], nowhere)
    assert (report.result, "no output 'region'" in report.evidence) == ("FAIL", True)
