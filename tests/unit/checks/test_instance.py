"""The instance as EC2 tells it."""

from typing import Any

import pytest

from workbench.checks import instance
from workbench.checks.target import Target


class Ec2:
    def __init__(self, state: str | None = "running", tokens: str = "required") -> None:
        self.instances = [] if state is None else [_instance(state, tokens)]
        self.encrypted = True
        self.groups: list[dict[str, str]] = [{"GroupId": "sg-1"}]

    def describe_security_groups(self, Filters: list[Any]) -> dict[str, Any]:
        assert Filters == [{"Name": "group-id", "Values": ["sg-1"]}]
        return {"SecurityGroups": self.groups}

    def describe_instances(self, Filters: list[Any]) -> dict[str, Any]:
        assert Filters == [{"Name": "instance-id", "Values": ["i-1"]}]
        return {"Reservations": [{"Instances": self.instances}]}

    def describe_volumes(self, VolumeIds: list[str]) -> dict[str, Any]:
        return {"Volumes": [{"VolumeId": v, "Encrypted": self.encrypted} for v in VolumeIds]}


def _instance(state: str, tokens: str) -> dict[str, Any]:
    return {
        "State": {"Name": state},
        "InstanceType": "t3.medium",
        "MetadataOptions": {"HttpTokens": tokens},
        "BlockDeviceMappings": [{"Ebs": {"VolumeId": "vol-1"}}],
    }


def target(ec2: Ec2) -> Target:
    outputs = {"instance_id": "i-1", "security_group_id": "sg-1", "region": "eu-west-1"}
    return Target("tests", outputs, aws={"ec2": ec2}.__getitem__)


@pytest.mark.parametrize(
    ("state", "result", "evidence"),
    [
        ("running", "PASS", "i-1, t3.medium, running"),
        ("pending", "WARN", "i-1, t3.medium, pending: it is booting"),
        ("stopped", "FAIL", "i-1, t3.medium, stopped"),
        ("terminated", "FAIL", "i-1, t3.medium, terminated"),
        (None, "FAIL", "i-1 is gone"),
    ],
)
def test_running(state: str | None, result: str, evidence: str) -> None:
    found = instance.check_running(target(Ec2(state)))
    assert (found.result, found.evidence) == (result, evidence)


@pytest.mark.parametrize(
    ("state", "fix"),
    [
        ("stopped", "workbench start --stack {stack}"),
        ("stopping", "workbench start --stack {stack}"),
        ("pending", "workbench status --stack {stack}"),
        ("running", ""),
        ("terminated", "workbench up --stack {stack}"),
        (None, "workbench up --stack {stack}"),
    ],
)
def test_a_stopped_instance_is_to_be_started_and_a_lost_one_made(
    state: str | None, fix: str
) -> None:
    assert instance.check_running(target(Ec2(state))).fix == fix


@pytest.mark.parametrize(
    ("reason", "told"),
    [
        ({"Code": "Client.User", "Message": "by its owner"}, ": by its owner"),
        ({"Code": "Client.User"}, ""),
        (None, ""),
    ],
)
def test_why_it_was_stopped_is_told(reason: dict[str, str] | None, told: str) -> None:
    ec2 = Ec2("stopped")
    ec2.instances[0]["StateReason"] = reason
    found = instance.check_running(target(ec2))
    assert found.evidence == f"i-1, t3.medium, stopped{told}"


def test_credentials_of_another_account_are_told_from_a_terminated_server() -> None:
    ec2 = Ec2(None)
    ec2.groups = []
    found = instance.check_running(target(ec2))
    assert found.result == "FAIL"
    assert found.evidence == (
        "AWS knows neither i-1 nor its security group in eu-west-1: these are credentials for"
        " another account, or the stack was removed manually"
    )
    assert found.fix == "aws sts get-caller-identity"


@pytest.mark.parametrize(
    ("options", "result", "tokens"),
    [
        ({"HttpTokens": "required"}, "PASS", "required"),
        ({"HttpTokens": "optional"}, "FAIL", "optional"),
        # What EC2 leaves out isn't demanded.
        ({}, "FAIL", "optional"),
        (None, "FAIL", "optional"),
    ],
)
def test_metadata(options: dict[str, str] | None, result: str, tokens: str) -> None:
    ec2 = Ec2()
    del ec2.instances[0]["MetadataOptions"]
    if options is not None:
        ec2.instances[0]["MetadataOptions"] = options
    found = instance.check_metadata(target(ec2))
    assert (found.result, found.evidence) == (result, f"instance metadata: HttpTokens is {tokens}")


def test_a_volume_that_is_not_encrypted_is_named() -> None:
    ec2 = Ec2()
    ec2.instances[0]["BlockDeviceMappings"].append({"Ebs": {"VolumeId": "vol-2"}})
    found = instance.check_encryption(target(ec2))
    assert (found.result, found.evidence) == ("PASS", "encrypted: vol-1, vol-2")
    ec2.encrypted = False
    found = instance.check_encryption(target(ec2))
    assert (found.result, found.evidence) == ("FAIL", "not encrypted: vol-1, vol-2")


def test_an_instance_without_volumes_has_none_to_encrypt() -> None:
    ec2 = Ec2()
    del ec2.instances[0]["BlockDeviceMappings"]
    found = instance.check_encryption(target(ec2))
    assert (found.result, found.evidence) == ("SKIP", "the instance has no volume")


def test_a_stack_has_made_a_server_or_it_has_not() -> None:
    made = instance.check_stack(Target("tests", {"instance_id": "i-1", "url": "https://lab/"}))
    assert (made.result, made.evidence) == ("PASS", "tests: https://lab/")
    unnamed = instance.check_stack(Target("tests", {"instance_id": "i-1", "url": ""}))
    assert unnamed.evidence == "tests: i-1"
    empty = instance.check_stack(Target("tests", {"instance_id": ""}))
    assert (empty.result, empty.evidence) == ("FAIL", "the stack tests has no server")
