"""EBS volumes."""

from typing import Any

from . import states
from .cloud import Cloud
from .lookups import filters_of
from .lookups import only
from .lookups import tags_in
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
    return {**_outputs(cloud, volume), **read_tags(cloud, volume.get("Tags"), state)}


def _outputs(cloud: Cloud, volume: dict[str, Any]) -> Properties:
    return {
        "arn": cloud.arn("ec2", f"volume/{volume['VolumeId']}"),
        "availabilityZone": volume["AvailabilityZone"],
        "createTime": volume["CreateTime"].isoformat(),
        "encrypted": volume.get("Encrypted", False),
        "kmsKeyId": volume.get("KmsKeyId") or None,
        "size": volume["Size"],
        "type": volume["VolumeType"],
        "iops": volume.get("Iops"),
        "throughput": volume.get("Throughput"),
        "snapshotId": volume.get("SnapshotId") or None,
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
    """Delete a volume."""
    cloud.client("ec2").delete_volume(VolumeId=identifier)
    cloud.wait(f"volume {identifier} to go", lambda: states.volume_is_gone(cloud, identifier))


def get_volume(cloud: Cloud, arguments: Properties) -> Properties:
    """Look a volume up by filters and tags."""
    found = cloud.client("ec2").describe_volumes(Filters=filters_of(arguments))["Volumes"]
    if arguments.get("mostRecent"):
        found = sorted(found, key=lambda each: each["CreateTime"])[-1:]
    volume = only(found, "volume")
    identifier = volume["VolumeId"]
    return {
        **_outputs(cloud, volume),
        "id": identifier,
        "volumeId": identifier,
        "volumeType": volume["VolumeType"],
        "iops": volume.get("Iops") or 0,
        "throughput": volume.get("Throughput") or 0,
        "kmsKeyId": volume.get("KmsKeyId") or "",
        "snapshotId": volume.get("SnapshotId") or "",
        "tags": tags_in(volume),
    }


VOLUME = ResourceType(
    type="aws:ebs/volume:Volume",
    calls=Calls(create_volume, read_volume, delete_volume, update_volume, settle_volume),
    inputs=names("availabilityZone encrypted iops kmsKeyId size snapshotId throughput type"),
    required=names("availabilityZone"),
    required_one=(names("size snapshotId"),),
    computed=names("arn createTime"),
    chosen=names("encrypted iops kmsKeyId size snapshotId throughput type"),
    replaces=names("availabilityZone encrypted kmsKeyId snapshotId"),
    tags=True,
)
ROWS = (VOLUME,)
