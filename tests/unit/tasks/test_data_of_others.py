"""Another stack of the same name in one account: what is its own is never taken for this one's."""

from dataclasses import replace
from datetime import UTC
from datetime import datetime
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from rich.console import Console

from workbench.errors import WorkbenchError
from workbench.progress import Progress
from workbench.remote.data_volumes import BY_TASK
from workbench.remote.data_volumes import Snapshot
from workbench.remote.data_volumes import Volume
from workbench.remote.stack_state import StackState
from workbench.tasks.data.data_list import _show
from workbench.tasks.data.data_list import collect
from workbench.tasks.data.data_list import show_data
from workbench.tasks.data.restore_plan import choose_snapshot
from workbench.tasks.data.restore_plan import plan_lines

NOW = datetime(2026, 11, 21, 5, tzinfo=UTC)
VOLUME = Volume("vol-1", 20, "in-use", "us-east-1a", NOW, None, "p/dev")


class Ec2:
    """Has volumes and snapshots, which all have the tag that is asked for."""

    def __init__(self, volumes: list[dict[str, Any]], snapshots: list[dict[str, Any]]) -> None:
        self.has = {"describe_volumes": volumes, "describe_snapshots": snapshots}

    def get_paginator(self, what: str) -> SimpleNamespace:
        return SimpleNamespace(paginate=lambda **wanted: self._pages(what, wanted["Filters"]))

    def _pages(self, what: str, filters: list[dict[str, Any]]) -> list[dict[str, Any]]:
        found = self.has[what]
        ids = {each["Name"]: each["Values"] for each in filters}.get("volume-id")
        if ids is not None:
            found = [each for each in found if each["VolumeId"] in ids]
        return [{what.removeprefix("describe_").title(): found}]


def _ec2_volume(ident: str, snapshot: str = "", instance: str = "") -> dict[str, Any]:
    return {
        "VolumeId": ident,
        "Size": 20,
        "State": "in-use" if instance else "available",
        "AvailabilityZone": "us-east-1a",
        "CreateTime": NOW,
        "SnapshotId": snapshot,
        "Attachments": [{"InstanceId": instance}] if instance else [],
        "Tags": [{"Key": "workbench:stack", "Value": "p/dev"}],
    }


def _ec2_snapshot(ident: str, volume: str, when: datetime) -> dict[str, Any]:
    return {
        "SnapshotId": ident,
        "VolumeId": volume,
        "VolumeSize": 20,
        "State": "completed",
        "StartTime": when,
    }


@pytest.fixture
def shared() -> StackState:
    """Give a stack in an account that has another one of the same name."""
    volumes = [
        _ec2_volume("vol-1", "snap-0", "i-1"),
        _ec2_volume("vol-0"),
        _ec2_volume("vol-failed", "snap-1"),
        _ec2_volume("vol-kept-by-others"),
        _ec2_volume("vol-of-others", "", "i-2"),
    ]
    snapshots = [
        _ec2_snapshot("snap-0", "vol-0", NOW - timedelta(days=2)),
        _ec2_snapshot("snap-1", "vol-1", NOW - timedelta(days=1)),
        _ec2_snapshot("snap-of-others", "vol-of-others", NOW),
    ]
    outputs = {"data_volume_id": "vol-1", "instance_id": "i-1", "region": "us-east-1"}
    made = StackState("dev", outputs)
    made.__dict__["aws"] = lambda service: Ec2(volumes, snapshots)
    return made


def test_the_newest_of_the_volume_in_use_is_restored_unless_told_otherwise(
    shared: StackState,
) -> None:
    assert choose_snapshot(shared, VOLUME, None, None).id == "snap-1"
    with pytest.raises(WorkbenchError, match="no snapshot of vol-9 that is complete"):
        choose_snapshot(shared, replace(VOLUME, id="vol-9"), None, None)


def test_the_plan_says_whose_snapshot_it_is() -> None:
    snapshot = Snapshot("snap-0", "vol-0", 20, "completed", 100, NOW, "", "a person")
    plan = plan_lines(StackState("dev"), VOLUME, snapshot, None)
    assert plan[0].endswith("by a person,")
    assert plan[1] == "  of vol-0, into a new volume of 20 GiB."


def test_the_plan_fits_a_terminal_with_ids_as_they_are() -> None:
    ids = ("snap-0123456789abcdef0", "vol-0123456789abcdef0")
    snapshot = Snapshot(*ids, 20, "completed", 100, NOW, "", "AWS Backup")
    plan = plan_lines(StackState("dev"), replace(VOLUME, id=ids[1]), snapshot, None)
    assert max(len(line) for line in plan[:2]) <= 80


def test_only_what_is_this_workbenchs_is_called_so(
    shared: StackState, capsys: pytest.CaptureFixture[str]
) -> None:
    kept = {each["id"]: each["remove"] for each in collect(shared)["kept_volumes"]}
    assert set(kept) == {"vol-0", "vol-failed", "vol-kept-by-others"}
    assert [ident for ident, command in kept.items() if command is None] == ["vol-kept-by-others"]
    show_data(shared, Progress(quiet=True), as_json=False)
    said = capsys.readouterr().out
    assert "one of the same name: vol-kept-by-others" in said
    delete = "  aws ec2 delete-volume --region us-east-1 --volume-id"
    assert f"{delete} vol-failed   deletes it\n" in said
    # Whether it is can't be known once the snapshot has expired that it was restored from.
    assert f"{delete} vol-kept-by-others   deletes it, if it is this stack's\n" in said
    assert "data.restore snap-1 --stack dev" in said


def test_ids_are_there_to_be_copied_whole(capsys: pytest.CaptureFixture[str]) -> None:
    volume, before = "vol-0123456789abcdef0", "vol-0fedcba9876543210"
    own, other = "snap-0123456789abcdef0", "snap-0fedcba9876543210"
    volumes = [_ec2_volume(volume, other, "i-1"), _ec2_volume(before)]
    snapshots = [_ec2_snapshot(own, volume, NOW), _ec2_snapshot(other, before, NOW)]
    for each in snapshots:
        each |= {"VolumeSize": 16384, "Tags": [{"Key": "workbench:made-by", "Value": BY_TASK}]}
    state = StackState("dev", {"data_volume_id": volume, "instance_id": "i-1"})
    state.__dict__["aws"] = lambda service: Ec2(volumes, snapshots)
    _show(state, collect(state), Console(width=80, highlight=False))

    head, _, tail = capsys.readouterr().out.partition(f"\nOf {before}:\n")
    assert [line.split()[0] for line in head.splitlines()[-2:]] == ["SNAPSHOT", own]
    assert [line.split()[0] for line in tail.splitlines()[:2]] == ["SNAPSHOT", other]
    assert "data.backup" in tail.splitlines()[1]


def test_the_data_of_the_stacks_other_workbench_is_none_of_this_ones(shared: StackState) -> None:
    # Its server is just being replaced, so nothing has the volume.
    before = {each["id"] for each in collect(shared)["snapshots"]}
    shared.others = {
        "two": {"data_volume_id": "vol-of-others", "instance_id": "i-2"},
        "three": {"data_volume_id": "vol-kept-by-others"},
    }
    found = collect(shared)
    assert {each["id"] for each in found["kept_volumes"]} == {"vol-0", "vol-failed"}
    assert before - {each["id"] for each in found["snapshots"]} == {"snap-of-others"}
