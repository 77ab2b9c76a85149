"""EBS volumes."""

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
    """Modify a volume and wait until the change shows (optimising continues for hours)."""
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


VOLUME = ResourceType(
    type="aws:ebs/volume:Volume",
    calls=Calls(create_volume, read_volume, delete_volume, update_volume, settle_volume),
    inputs=names(
        "availabilityZone encrypted finalSnapshot iops kmsKeyId multiAttachEnabled size "
        "snapshotId throughput type"
    ),
    required=names("availabilityZone"),
    required_one=(names("size snapshotId"),),
    computed=names("arn createTime"),
    chosen=names("encrypted iops kmsKeyId size snapshotId throughput type"),
    replaces=names("availabilityZone encrypted kmsKeyId multiAttachEnabled snapshotId"),
    defaults={"finalSnapshot": False, "multiAttachEnabled": False},
    tags=True,
)
ROWS = (VOLUME,)
