"""EBS volumes and their attachments."""

import zlib
from typing import Any

from . import states
from .cloud import Cloud
from .resource import Calls
from .resource import Change
from .resource import ResourceType
from .resource import names
from .tags import read_tags
from .tags import tag_specifications
from .tags import update_ec2_tags
from .values import Properties

# The schema's name → EC2's, for what can be changed while the volume is in use.
CHANGEABLE = {"size": "Size", "type": "VolumeType", "iops": "Iops", "throughput": "Throughput"}


def create_volume(cloud: Cloud, inputs: Properties) -> str:
    """Create a volume."""
    fields = {
        **CHANGEABLE,
        "encrypted": "Encrypted",
        "kmsKeyId": "KmsKeyId",
        "snapshotId": "SnapshotId",
        "multiAttachEnabled": "MultiAttachEnabled",
    }
    volume = cloud.client("ec2").create_volume(
        AvailabilityZone=inputs["availabilityZone"],
        TagSpecifications=tag_specifications("volume", inputs),
        **{theirs: inputs[ours] for ours, theirs in fields.items() if ours in inputs},
    )
    return str(volume["VolumeId"])


def settle_volume(cloud: Cloud, identifier: str, inputs: Properties) -> None:
    """Wait until a volume can be attached."""
    cloud.wait(
        f"volume {identifier} to become available",
        lambda: states.describe_volume(cloud, identifier)["State"] in ("available", "in-use"),
    )


def read_volume(cloud: Cloud, identifier: str, state: Properties) -> Properties | None:
    """Read a volume."""
    volume = states.describe_volume(cloud, identifier)
    if volume["State"] in ("deleting", "deleted"):
        return None
    return {
        "arn": cloud.arn("ec2", f"volume/{identifier}"),
        "availabilityZone": volume["AvailabilityZone"],
        "createTime": volume["CreateTime"].isoformat(),
        "encrypted": volume.get("Encrypted", False),
        "kmsKeyId": volume.get("KmsKeyId") or None,
        "size": volume["Size"],
        "type": volume["VolumeType"],
        "iops": volume.get("Iops"),
        "throughput": volume.get("Throughput"),
        "snapshotId": volume.get("SnapshotId") or None,
        "multiAttachEnabled": volume.get("MultiAttachEnabled", False),
        **read_tags(cloud, volume.get("Tags"), state),
    }


def update_volume(cloud: Cloud, identifier: str, change: Change) -> None:
    """Grow a volume or change its kind while it is in use; change its tags."""
    update_ec2_tags(cloud, identifier, change)
    wanted = {
        theirs: change.new[ours]
        for ours, theirs in CHANGEABLE.items()
        if ours in change and ours in change.new
    }
    if wanted:
        modify_volume(cloud, identifier, wanted)


def modify_volume(cloud: Cloud, identifier: str, wanted: dict[str, Any]) -> None:
    """Modify a volume and wait until the change shows (optimising goes on for hours)."""
    ec2 = cloud.client("ec2")
    ec2.modify_volume(VolumeId=identifier, **wanted)

    def applied() -> bool:
        answer = ec2.describe_volumes_modifications(VolumeIds=[identifier])
        states_ = [one["ModificationState"] for one in answer["VolumesModifications"]]
        return not states_ or states_[-1] in ("completed", "optimizing")

    cloud.wait(f"the change of volume {identifier} to show", applied)


def delete_volume(cloud: Cloud, identifier: str, state: Properties) -> None:
    """Delete a volume, after a last snapshot where the program asks for one."""
    ec2 = cloud.client("ec2")
    if state.get("finalSnapshot"):
        snapshot = ec2.create_snapshot(
            VolumeId=identifier,
            Description=f"Final snapshot of {identifier}",
            TagSpecifications=tag_specifications("snapshot", state),
        )["SnapshotId"]
        cloud.wait(
            f"snapshot {snapshot} to complete",
            lambda: (
                ec2.describe_snapshots(SnapshotIds=[snapshot])["Snapshots"][0]["State"]
                == "completed"
            ),
        )
    ec2.delete_volume(VolumeId=identifier)
    cloud.wait(f"volume {identifier} to go", lambda: states.volume_is_gone(cloud, identifier))


def attach_volume(cloud: Cloud, inputs: Properties) -> str:
    """Attach a volume to an instance that runs or is stopped."""
    instance = inputs["instanceId"]
    cloud.wait(
        f"instance {instance} to accept volumes",
        lambda: states.instance_state(cloud, instance) in ("running", "stopped", "terminated"),
    )
    cloud.client("ec2").attach_volume(
        InstanceId=instance, VolumeId=inputs["volumeId"], Device=inputs["deviceName"]
    )
    key = f"{inputs['deviceName']}-{instance}-{inputs['volumeId']}-"
    return f"vai-{zlib.crc32(key.encode())}"


def settle_attachment(cloud: Cloud, identifier: str, inputs: Properties) -> None:
    """Wait until a volume is attached."""

    def attached() -> bool:
        found = _attachment(cloud, inputs["volumeId"], inputs["instanceId"])
        return found is not None and found["State"] == "attached"

    cloud.wait(f"volume {inputs['volumeId']} to be attached", attached)


def _attachment(cloud: Cloud, volume: str, instance: str) -> dict[str, Any] | None:
    found: list[dict[str, Any]] = [
        one
        for one in states.describe_volume(cloud, volume).get("Attachments", [])
        if one["InstanceId"] == instance and one["State"] != "detached"
    ]
    return found[0] if found else None


def read_attachment(cloud: Cloud, identifier: str, state: Properties) -> Properties | None:
    """Read an attachment; an import's id is "DEVICE:VOLUME:INSTANCE"."""
    parts = identifier.split(":")
    if len(parts) == 3:
        volume, instance = parts[1], parts[2]
    else:
        volume, instance = state["volumeId"], state["instanceId"]
    found = _attachment(cloud, volume, instance)
    if found is None or states.instance_state(cloud, instance) in states.GONE:
        return None
    return {"volumeId": volume, "instanceId": instance, "deviceName": found["Device"]}


def update_attachment(cloud: Cloud, identifier: str, change: Change) -> None:
    """Take note of how to detach later; nothing changes now."""


def detach_volume(cloud: Cloud, identifier: str, state: Properties) -> None:
    """Detach a volume, in the way the program chose."""
    volume, instance = state["volumeId"], state["instanceId"]
    if state.get("skipDestroy") or _attachment(cloud, volume, instance) is None:
        return
    if state.get("stopInstanceBeforeDetaching"):
        states.stop_instance(cloud, instance)
    cloud.client("ec2").detach_volume(
        VolumeId=volume,
        InstanceId=instance,
        Device=state["deviceName"],
        Force=bool(state.get("forceDetach", False)),
    )
    cloud.wait(
        f"volume {volume} to be detached", lambda: _attachment(cloud, volume, instance) is None
    )


VOLUME = ResourceType(
    type="aws:ebs/volume:Volume",
    calls=Calls(create_volume, read_volume, delete_volume, update_volume, settle_volume),
    inputs=names(
        "availabilityZone encrypted finalSnapshot iops kmsKeyId multiAttachEnabled size "
        "snapshotId throughput type"
    ),
    required=names("availabilityZone"),
    computed=names("arn createTime"),
    chosen=names("encrypted iops kmsKeyId size snapshotId throughput type"),
    replaces=names("availabilityZone encrypted kmsKeyId multiAttachEnabled snapshotId"),
    defaults={"finalSnapshot": False, "multiAttachEnabled": False},
    tags=True,
)
VOLUME_ATTACHMENT = ResourceType(
    type="aws:ec2/volumeAttachment:VolumeAttachment",
    calls=Calls(
        attach_volume, read_attachment, detach_volume, update_attachment, settle_attachment
    ),
    inputs=names(
        "deviceName forceDetach instanceId skipDestroy stopInstanceBeforeDetaching volumeId"
    ),
    required=names("deviceName instanceId volumeId"),
    replaces=names("deviceName instanceId volumeId"),
    # A volume can't be attached twice, so the old attachment goes first.
    delete_before_replace=True,
)
ROWS = (VOLUME, VOLUME_ATTACHMENT)
