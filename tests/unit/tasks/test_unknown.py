"""A workbench that AWS has and Pulumi's state doesn't know is told before another is made."""

from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from workbench.engine import stacks
from workbench.engine.failures import StackMissingError
from workbench.engine.state import Resource
from workbench.engine.state import State
from workbench.progress import Progress
from workbench.remote import unknown
from workbench.remote.stack_state import StackState
from workbench.remote.unknown import UnknownWorkbenchError
from workbench.remote.unknown import find_unknown
from workbench.remote.unknown import refuse_unknown
from workbench.tasks.status.read import read_status

QUIET = Progress(quiet=True)


class Aws:
    """EC2 and the tagging API, of which each answers by pages."""

    def __init__(self) -> None:
        self.instances: list[dict[str, Any]] = []
        self.volumes: list[dict[str, Any]] = []
        self.buckets: list[str] = []
        self.asked: list[Any] = []

    def describe_volumes(self, **wanted: Any) -> dict[str, Any]:
        self.asked.append(wanted)
        return {"Volumes": self.volumes}

    def get_paginator(self, name: str) -> Any:
        self.paged = name
        return self

    def paginate(self, **wanted: Any) -> list[dict[str, Any]]:
        if self.paged == "get_resources":
            arns = [{"ResourceARN": f"arn:aws:s3:::{bucket}"} for bucket in self.buckets]
            return [{"ResourceTagMappingList": arns}]
        ids = wanted.get("InstanceIds")
        found = [i for i in self.instances if not ids or i["InstanceId"] in ids]
        tagged = [i for i in found if ids or i["tagged"]]
        return [{"Reservations": [{"Instances": tagged}]}]


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Aws:
    made = Aws()
    (tmp_path / "Pulumi.yaml").write_text("name: lab\n")
    (tmp_path / "Pulumi.prod.yaml").write_text("config:\n  aws:region: eu-west-1\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(StackState, "aws", lambda *_: made)
    monkeypatch.setattr(stacks, "open_stack", missing)
    return made


def missing(*_: Any, **__: Any) -> Any:
    raise StackMissingError.named("prod")


def server(id_: str, state: str = "running", *, tagged: bool = True) -> dict[str, Any]:
    kind = {"InstanceId": id_, "InstanceType": "t3.large", "State": {"Name": state}}
    return kind | {"tagged": tagged}


def test_a_server_is_found_by_its_tag_or_by_its_data_volume(aws: Aws) -> None:
    aws.instances = [server("i-1"), server("i-2", "stopped", tagged=False), server("i-3")]
    aws.volumes = [{"VolumeId": "vol-2", "Attachments": [{"InstanceId": "i-2"}]}]
    aws.buckets = ["lab-bucket", "known-bucket"]
    found = find_unknown("organization/lab/prod", {"i-3", "known-bucket"})
    assert found.told("prod") == (
        "AWS has a workbench of the stack prod that Pulumi's state doesn't know: the server i-1"
        " (t3.large, running), the server i-2 (t3.large, stopped) with the data volume vol-2,"
        " the bucket lab-bucket."
    )
    assert aws.asked == [{"Filters": [{"Name": "tag:workbench:stack", "Values": ["lab/prod"]}]}]


def test_what_is_left_of_a_destroyed_stack_is_no_workbench(aws: Aws) -> None:
    aws.instances = [server("i-1", "terminated")]
    aws.volumes = [{"VolumeId": "vol-1", "Attachments": []}]
    assert not find_unknown("prod", set())
    refuse_unknown("prod", QUIET)


def test_another_one_is_not_made_beside_it(aws: Aws) -> None:
    aws.instances = [server("i-1")]
    with pytest.raises(UnknownWorkbenchError, match="i-1") as refused:
        refuse_unknown("prod", QUIET)
    assert refused.value.hint.startswith("workbench recover --stack prod ")


def test_a_state_that_has_a_server_is_believed(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    class Opened:
        def state(self) -> State:
            return State((Resource("aws:ec2/instance:Instance", "lab", "i-1"),))

    monkeypatch.setattr(stacks, "open_stack", lambda *_: Opened())
    refuse_unknown("prod", QUIET)
    assert aws.asked == []


def test_nobody_is_asked_about_a_name_that_was_never_met(aws: Aws) -> None:
    aws.instances = [server("i-1")]
    refuse_unknown("prodd", QUIET)
    assert aws.asked == []


def test_a_refusal_of_aws_hinders_nothing_and_is_told_by_status(
    aws: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(**_: Any) -> None:
        raise ClientError({"Error": {"Code": "UnauthorizedOperation"}}, "DescribeVolumes")

    monkeypatch.setattr(aws, "describe_volumes", refuse)
    refuse_unknown("prod", QUIET)
    said = read_status(StackState("prod", exists=False))["problem"]
    assert "Can't tell whether" in said
    assert "UnauthorizedOperation" in said


def test_the_status_of_a_lost_state_names_the_server(aws: Aws) -> None:
    aws.instances = [server("i-1")]
    found = read_status(StackState("prod", exists=False))
    assert found["state"] == "absent"
    assert "the server i-1 (t3.large, running)" in found["problem"]
    assert found["problem"].endswith("\nworkbench recover --stack prod")


def test_the_region_of_a_lost_configuration_is_that_of_its_copy(
    aws: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    from workbench.engine.copies import make_copy
    from workbench.engine.copies import write_copy

    project = Path.cwd()
    write_copy("prod", project, make_copy("prod", project, {}, project / "Pulumi.prod.yaml"))
    (project / "Pulumi.prod.yaml").unlink()
    assert unknown.provider_settings("prod") == {"aws:region": "eu-west-1"}
