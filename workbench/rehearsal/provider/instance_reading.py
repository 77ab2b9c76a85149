"""What EC2 says about an instance, as the schema has it."""

import base64
from typing import Any

from . import states
from .cloud import Cloud
from .instance_changes import METADATA_FIELDS
from .tags import read_tags
from .values import Properties

_ROOT_OUTPUTS = {
    "volumeSize": "Size",
    "volumeType": "VolumeType",
    "iops": "Iops",
    "throughput": "Throughput",
    "encrypted": "Encrypted",
    "kmsKeyId": "KmsKeyId",
}


def read_instance(cloud: Cloud, identifier: str, state: Properties) -> Properties | None:
    """Read an instance; one that is terminated is gone."""
    instance = states.describe_instance(cloud, identifier)
    if instance is None or instance["State"]["Name"] in states.GONE:
        return None
    profile = instance.get("IamInstanceProfile", {}).get("Arn", "")
    return {
        "arn": cloud.arn("ec2", f"instance/{identifier}"),
        "ami": instance["ImageId"],
        "instanceType": instance["InstanceType"],
        "instanceState": instance["State"]["Name"],
        "keyName": instance.get("KeyName") or None,
        "iamInstanceProfile": profile.rsplit("/", 1)[-1] or None,
        "ebsOptimized": instance.get("EbsOptimized", False),
        "availabilityZone": instance["Placement"]["AvailabilityZone"],
        "metadataOptions": {
            ours: instance["MetadataOptions"][theirs]
            for ours, theirs in METADATA_FIELDS.items()
            if theirs in instance["MetadataOptions"]
        }
        if "MetadataOptions" in instance
        else None,
        "rootBlockDevice": _read_root(cloud, instance),
        **_read_network(cloud, instance),
        **_read_attributes(cloud, identifier),
        **read_tags(cloud, instance.get("Tags"), state),
    }


def _read_network(cloud: Cloud, instance: dict[str, Any]) -> Properties:
    interfaces = instance.get("NetworkInterfaces") or [{}]
    primary = min(interfaces, key=lambda one: one.get("Attachment", {}).get("DeviceIndex", 0))
    groups = instance.get("SecurityGroups") or []
    return {
        "associatePublicIpAddress": bool(primary.get("Association", {}).get("PublicIp")),
        "primaryNetworkInterfaceId": primary.get("NetworkInterfaceId"),
        "subnetId": instance.get("SubnetId"),
        "privateIp": instance.get("PrivateIpAddress"),
        "privateDns": instance.get("PrivateDnsName"),
        "publicIp": instance.get("PublicIpAddress") or None,
        "publicDns": instance.get("PublicDnsName") or None,
        "vpcSecurityGroupIds": sorted(group["GroupId"] for group in groups),
        "securityGroups": sorted(group["GroupName"] for group in groups)
        if _is_in_default_vpc(cloud, instance)
        else [],
    }


def _is_in_default_vpc(cloud: Cloud, instance: dict[str, Any]) -> bool:
    """Whether security groups go by their names there; in every other network they don't."""
    if not instance.get("VpcId"):
        return True
    (vpc,) = cloud.client("ec2").describe_vpcs(VpcIds=[instance["VpcId"]])["Vpcs"]
    return bool(vpc.get("IsDefault"))


def _read_attributes(cloud: Cloud, identifier: str) -> Properties:
    def attribute(name: str) -> Any:
        answer = cloud.client("ec2").describe_instance_attribute(
            InstanceId=identifier, Attribute=name
        )
        return answer.get(f"{name[0].upper()}{name[1:]}", {}).get("Value")

    encoded = attribute("userData")
    return {
        "disableApiTermination": bool(attribute("disableApiTermination")),
        "userData": base64.b64decode(encoded).decode(errors="replace") if encoded else None,
    }


def _read_root(cloud: Cloud, instance: dict[str, Any]) -> Properties | None:
    for mapping in instance.get("BlockDeviceMappings", []):
        if mapping["DeviceName"] == instance.get("RootDeviceName"):
            volume = states.describe_volume(cloud, mapping["Ebs"]["VolumeId"])
            return {
                "deviceName": mapping["DeviceName"],
                "volumeId": volume["VolumeId"],
                "deleteOnTermination": mapping["Ebs"].get("DeleteOnTermination", True),
                "tags": {tag["Key"]: tag["Value"] for tag in volume.get("Tags") or []},
                **{
                    ours: volume[theirs]
                    for ours, theirs in _ROOT_OUTPUTS.items()
                    if volume.get(theirs) is not None
                },
            }
    return None
