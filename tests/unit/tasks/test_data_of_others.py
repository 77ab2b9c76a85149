"""Another stack of the same name in one account: what is its own is never taken for this one's."""

from dataclasses import replace
from datetime import UTC
from datetime import datetime
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from workbench.errors import WorkbenchError
from workbench.progress import Progress
from workbench.tasks.stack_state import StackState
from workbench.tasks.volumes.data_list import collect
from workbench.tasks.volumes.data_list import show_data
from workbench.tasks.volumes.data_volumes import Snapshot
from workbench.tasks.volumes.data_volumes import Volume
from workbench.tasks.volumes.restore_plan import choose_snapshot
from workbench.tasks.volumes.restore_plan import plan_lines

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
    snapshot = Snapshot("snap-0", "vol-0", 20, "completed", 100, NOW, "", "hand")
    plan = plan_lines(StackState("dev"), VOLUME, snapshot, None)
    assert "by hand of vol-0, into a new volume of 20 GiB" in plan[0]


def test_only_what_is_this_workbenchs_is_offered_for_deletion(
    shared: StackState, capsys: pytest.CaptureFixture[str]
) -> None:
    kept = {each["id"]: each["remove"] for each in collect(shared)["kept_volumes"]}
    assert set(kept) == {"vol-0", "vol-failed", "vol-kept-by-others"}
    assert [ident for ident, command in kept.items() if command is None] == ["vol-kept-by-others"]
    show_data(shared, Progress(quiet=True), as_json=False)
    said = capsys.readouterr().out
    assert "hand, of vol-of-others" in " ".join(said.split())
    assert "one of the same name: vol-kept-by-others" in said
    assert "--volume-id vol-kept-by-others" not in said
    assert "data.restore snap-1 --stack dev" in said
