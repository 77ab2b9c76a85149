"""Snapshots: the data volume was backed up recently, and will be again."""

from datetime import UTC
from datetime import datetime
from typing import Any

from workbench.checks.check import Outcome
from workbench.checks.check import passed
from workbench.checks.check import skipped
from workbench.checks.check import warned
from workbench.checks.target import Target

BACKUP = "workbench data.backup --stack {stack}"
OFF = "off"
SCHEDULE = (
    "pulumi config set workbench:backupSchedule 'cron(0 5 ? * * *)' --stack {stack}"
    " && workbench up --stack {stack}"
)
# A week's work is more than most people want to do again.
OLD_DAYS = 7


def check_snapshots(target: Target) -> Outcome:
    """Check that there is a snapshot of the data volume, and that it isn't old."""
    if not target.outputs.get("data_volume_id"):
        return skipped("the stack has no data volume")
    ident = target.output("data_volume_id")
    scheduled = target.configured.backup_schedule != OFF
    done = [each for each in read_snapshots(target, ident) if each["State"] == "completed"]
    if not done:
        yet = " yet; the first scheduled one comes within a day" if scheduled else ""
        return warned(f"there is no snapshot of the data volume {ident}{yet}", BACKUP)
    newest = max(done, key=lambda each: each["StartTime"])
    days = (datetime.now(UTC) - newest["StartTime"]).days
    age = {0: "of today", 1: "of yesterday"}.get(days, f"{days} days old")
    said = f"{len(done)} of {ident}, the newest {newest['SnapshotId']} is {age}"
    if days > OLD_DAYS:
        return warned(said, BACKUP)
    return passed(said) if scheduled else warned(f"{said}; none are scheduled", SCHEDULE)


def read_snapshots(target: Target, volume_id: str) -> list[dict[str, Any]]:
    """Return this account's snapshots of a volume."""
    wanted = [{"Name": "volume-id", "Values": [volume_id]}]
    pages = target.aws("ec2").get_paginator("describe_snapshots")
    return [
        snapshot
        for page in pages.paginate(Filters=wanted, OwnerIds=["self"])
        for snapshot in page["Snapshots"]
    ]
