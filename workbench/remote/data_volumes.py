"""The data volume, its snapshots, and the volumes that were kept, as EC2 has them.

Projects and stacks may have the same names, even in one account: what has the tag of a stack may
be another's.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from workbench.errors import WorkbenchError
from workbench.remote.stack_state import StackState

# The stack whose data it is, on volumes and on snapshots; AWS Backup copies a volume's tags.
STACK_TAG = "workbench:stack"
MAKER_TAG = "workbench:made-by"
BACKUP_TAG = "aws:backup:source-resource"
BY_HAND, BY_TASK, BY_AWS_BACKUP = "a person", "data.backup", "AWS Backup"


@dataclass(frozen=True)
class Volume:
    """A volume; ``snapshot_id`` is what it was made from, ``stack`` its tag.

    ``instance_id`` is where it is attached.
    """

    id: str
    size_gib: int
    state: str
    zone: str
    created: datetime
    snapshot_id: str | None
    stack: str | None
    instance_id: str | None = None


@dataclass(frozen=True)
class Snapshot:
    """A snapshot; ``progress`` in percent, ``by`` is who made it."""

    id: str
    volume_id: str
    size_gib: int
    state: str
    progress: int
    started: datetime
    description: str
    by: str


def read_volume(state: StackState) -> Volume:
    """Return the stack's data volume; raise where there is none."""
    wanted = str(state.outputs.get("data_volume_id") or "")
    found = next(_volumes(state.aws("ec2"), {"volume-id": wanted}), None) if wanted else None
    if found is None:
        raise WorkbenchError(
            f"The stack {state.stack} has no data volume{f' {wanted}' if wanted else ''}.",
            f"workbench up --stack {state.stack}",
        )
    return found


def read_kept(state: StackState, volume: Volume) -> list[Volume]:
    """Return the volumes with the stack's tag that nobody else uses, the newest first."""
    if volume.stack is None:
        return []
    own = (None, state.outputs.get("instance_id"), state.outputs.get("other_instance_id"))
    found = _volumes(state.aws("ec2"), {f"tag:{STACK_TAG}": volume.stack})
    taken = {volume.id, *_of_others(state)}
    others = [each for each in found if each.id not in taken and each.instance_id in own]
    return sorted(others, key=lambda each: each.created, reverse=True)


def read_snapshots(state: StackState, volumes: list[Volume]) -> list[Snapshot]:
    """Return the snapshots of volumes, and of those before them, the newest first.

    Those of the stack's other workbenches aren't among them.
    """
    ec2 = state.aws("ec2")
    found = {
        each.id: each
        for each in snapshots_where(ec2, "volume-id", [volume.id for volume in volumes])
    }
    if stacks := {volume.stack for volume in volumes if volume.stack}:
        others = _of_others(state)
        for each in snapshots_where(ec2, f"tag:{STACK_TAG}", sorted(stacks)):
            if each.volume_id not in others:
                found.setdefault(each.id, each)
    return sorted(found.values(), key=lambda each: each.started, reverse=True)


def _of_others(state: StackState) -> set[str]:
    """Return the data volumes of the stack's other workbenches."""
    return {str(each.get("data_volume_id")) for each in state.others.values()}


def find_relatives(volume: Volume, others: list[Volume], snapshots: list[Snapshot]) -> set[str]:
    """Return those of other volumes that this one was restored from, or that were from those."""
    taken_of = {each.id: each.volume_id for each in snapshots}
    before = {each.id: taken_of.get(each.snapshot_id or "") for each in (volume, *others)}
    line: list[str] = []
    current: str | None = volume.id
    while current in before and current not in line:
        line.append(current)
        current = before[current]
    return {each.id for each in others if each.id in line or before[each.id] in line}


def find_snapshot(state: StackState, snapshot_id: str) -> Snapshot | None:
    """Return a snapshot of this account by its id; None where there is none."""
    return next(snapshots_where(state.aws("ec2"), "snapshot-id", [snapshot_id]), None)


def find_volume(state: StackState, volume_id: str) -> Volume | None:
    """Return a volume by its id; None where there is none."""
    return next(_volumes(state.aws("ec2"), {"volume-id": volume_id}), None)


def snapshots_where(ec2: Any, name: str, values: list[str]) -> Iterator[Snapshot]:
    """Give this account's snapshots that a filter fits."""
    pages = ec2.get_paginator("describe_snapshots").paginate(
        OwnerIds=["self"], Filters=[{"Name": name, "Values": values}]
    )
    for page in pages:
        for each in page["Snapshots"]:
            yield _snapshot(each)


def _snapshot(each: dict[str, Any]) -> Snapshot:
    tags = _tags(each)
    return Snapshot(
        id=each["SnapshotId"],
        volume_id=each["VolumeId"],
        size_gib=int(each["VolumeSize"]),
        state=each["State"],
        progress=int(str(each.get("Progress") or "0%").rstrip("%") or 0),
        started=each["StartTime"],
        description=each.get("Description") or "",
        by=BY_AWS_BACKUP if BACKUP_TAG in tags else tags.get(MAKER_TAG, BY_HAND),
    )


def _volumes(ec2: Any, filters: dict[str, str]) -> Iterator[Volume]:
    wanted = [{"Name": name, "Values": [value]} for name, value in filters.items()]
    for page in ec2.get_paginator("describe_volumes").paginate(Filters=wanted):
        for each in page["Volumes"]:
            if each["State"] not in ("deleting", "deleted"):
                yield _volume(each)


def _volume(each: dict[str, Any]) -> Volume:
    return Volume(
        id=each["VolumeId"],
        size_gib=int(each["Size"]),
        state=each["State"],
        zone=each["AvailabilityZone"],
        created=each["CreateTime"],
        snapshot_id=each.get("SnapshotId") or None,
        stack=_tags(each).get(STACK_TAG),
        instance_id=next((one["InstanceId"] for one in each.get("Attachments") or []), None),
    )


def _tags(each: dict[str, Any]) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in each.get("Tags") or []}
