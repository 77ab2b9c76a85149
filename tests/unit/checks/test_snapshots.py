"""Snapshots of the data volume: there is one, and it isn't old."""

from datetime import UTC
from datetime import datetime
from datetime import timedelta
from typing import Any

import pytest

from workbench.checks import snapshots
from workbench.checks.target import Target
from workbench.configured import Configured


class Ec2:
    def __init__(self, *found: dict[str, Any]) -> None:
        self.found = list(found)

    def get_paginator(self, name: str) -> "Ec2":
        assert name == "describe_snapshots"
        return self

    def paginate(self, Filters: list[Any], OwnerIds: list[str]) -> list[dict[str, Any]]:
        assert Filters == [{"Name": "volume-id", "Values": ["vol-1"]}]
        assert OwnerIds == ["self"]
        return [{"Snapshots": [each]} for each in self.found]


def snapshot(days: float, state: str = "completed") -> dict[str, Any]:
    begun = datetime.now(UTC) - timedelta(days=days)
    return {"SnapshotId": f"snap-{days}", "State": state, "StartTime": begun}


NONE = (
    "there is no snapshot of the data volume vol-1 yet; the first scheduled one comes within a day"
)


@pytest.mark.parametrize(
    ("found", "result", "evidence"),
    [
        ([], "WARN", NONE),
        ([snapshot(0, "pending")], "WARN", NONE),
        ([snapshot(0)], "PASS", "1 of vol-1, the newest snap-0 is of today"),
        ([snapshot(9), snapshot(2)], "PASS", "2 of vol-1, the newest snap-2 is 2 days old"),
        ([snapshot(1)], "PASS", "1 of vol-1, the newest snap-1 is of yesterday"),
        ([snapshot(7)], "PASS", "1 of vol-1, the newest snap-7 is 7 days old"),
        ([snapshot(8)], "WARN", "1 of vol-1, the newest snap-8 is 8 days old"),
        ([snapshot(30)], "WARN", "1 of vol-1, the newest snap-30 is 30 days old"),
    ],
)
def test_the_newest_snapshot(found: list[Any], result: str, evidence: str) -> None:
    target = Target(
        "tests",
        {"data_volume_id": "vol-1"},
        aws={"ec2": Ec2(*found)}.__getitem__,
        configured=Configured({"workbench:backupSchedule": "cron(0 5 ? * * *)"}),
    )
    outcome = snapshots.check_snapshots(target)
    assert (outcome.result, outcome.evidence) == (result, evidence)
    assert outcome.fix == ("" if result == "PASS" else snapshots.BACKUP)


def test_without_a_data_volume_there_is_nothing_to_look_for() -> None:
    found = snapshots.check_snapshots(Target("tests", {}))
    assert (found.result, found.evidence) == ("SKIP", "the stack has no data volume")


@pytest.mark.parametrize("config", [{}, {"workbench:backupSchedule": "off"}])
@pytest.mark.parametrize(
    ("found", "evidence", "fix"),
    [
        ([], "there is no snapshot of the data volume vol-1", snapshots.BACKUP),
        (
            [snapshot(0)],
            "1 of vol-1, the newest snap-0 is of today; none are scheduled",
            snapshots.SCHEDULE,
        ),
    ],
)
def test_without_a_schedule_there_is_a_warning(
    found: list[Any], evidence: str, fix: str, config: dict[str, str]
) -> None:
    outcome = snapshots.check_snapshots(
        Target(
            "tests",
            {"data_volume_id": "vol-1"},
            aws={"ec2": Ec2(*found)}.__getitem__,
            configured=Configured(config),
        )
    )
    assert (outcome.result, outcome.evidence, outcome.fix) == ("WARN", evidence, fix)
