"""Lookups of EBS volumes."""

from .cloud import Cloud
from .lookups import filters_of
from .lookups import only
from .lookups import tags_in
from .values import Properties


def get_volume(cloud: Cloud, arguments: Properties) -> Properties:
    """Look a volume up by filters and tags."""
    found = cloud.client("ec2").describe_volumes(Filters=filters_of(arguments))["Volumes"]
    if arguments.get("mostRecent"):
        found = sorted(found, key=lambda each: each["CreateTime"])[-1:]
    volume = only(found, "volume")
    identifier = volume["VolumeId"]
    return {
        "id": identifier,
        "volumeId": identifier,
        "arn": cloud.arn("ec2", f"volume/{identifier}"),
        "availabilityZone": volume["AvailabilityZone"],
        "createTime": volume["CreateTime"].isoformat(),
        "encrypted": volume.get("Encrypted", False),
        "iops": volume.get("Iops") or 0,
        "kmsKeyId": volume.get("KmsKeyId") or "",
        "multiAttachEnabled": volume.get("MultiAttachEnabled", False),
        "outpostArn": "",
        "size": volume["Size"],
        "snapshotId": volume.get("SnapshotId") or "",
        "tags": tags_in(volume),
        "throughput": volume.get("Throughput") or 0,
        "volumeType": volume["VolumeType"],
        "volumeInitializationRate": 0,
    }
