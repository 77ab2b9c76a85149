"""EC2 instances: made, read, terminated. How they change is in instance_changes."""

import base64
from typing import Any

from . import states
from .cloud import Cloud
from .instance_changes import EBS_FIELDS
from .instance_changes import METADATA_FIELDS
from .instance_changes import STOPPED_FIELDS
from .instance_changes import metadata_options
from .instance_changes import needs_replacement
from .instance_changes import update_instance
from .instance_changes import user_data
from .resource import Calls
from .resource import ResourceType
from .resource import names
from .tags import read_tags
from .tags import tag_list
from .tags import tag_specifications
from .values import Properties

_PLAIN = {
    "instanceType": "InstanceType",
    "keyName": "KeyName",
    "privateIp": "PrivateIpAddress",
    "disableApiTermination": "DisableApiTermination",
    "disableApiStop": "DisableApiStop",
    "ebsOptimized": "EbsOptimized",
    "instanceInitiatedShutdownBehavior": "InstanceInitiatedShutdownBehavior",
}
_ROOT_OUTPUTS = {
    "volumeSize": "Size",
    "volumeType": "VolumeType",
    "iops": "Iops",
    "throughput": "Throughput",
    "encrypted": "Encrypted",
    "kmsKeyId": "KmsKeyId",
}


def create_instance(cloud: Cloud, inputs: Properties) -> str:
    """Run an instance."""
    request: dict[str, Any] = {
        theirs: inputs[ours] for ours, theirs in _PLAIN.items() if inputs.get(ours) is not None
    }
    if inputs.get("iamInstanceProfile"):
        request["IamInstanceProfile"] = {"Name": inputs["iamInstanceProfile"]}
    if user_data(inputs) is not None:
        # boto3 puts it into base64.
        request["UserData"] = user_data(inputs)
    if inputs.get("metadataOptions"):
        request["MetadataOptions"] = metadata_options(inputs["metadataOptions"])
    if inputs.get("creditSpecification"):
        request["CreditSpecification"] = {
            "CpuCredits": inputs["creditSpecification"].get("cpuCredits", "standard")
        }
    if inputs.get("monitoring"):
        request["Monitoring"] = {"Enabled": True}
    placement = {
        "AvailabilityZone": inputs.get("availabilityZone"),
        "Tenancy": inputs.get("tenancy"),
    }
    request["Placement"] = {key: value for key, value in placement.items() if value}
    request.update(_network(request, inputs))
    request["BlockDeviceMappings"] = _devices(cloud, inputs)
    request["TagSpecifications"] = tag_specifications("instance", inputs) + _volume_tags(inputs)
    answer = cloud.client("ec2").run_instances(
        ImageId=inputs["ami"],
        MinCount=1,
        MaxCount=1,
        **{key: value for key, value in request.items() if value not in ([], {})},
    )
    return str(answer["Instances"][0]["InstanceId"])


def _network(request: dict[str, Any], inputs: Properties) -> dict[str, Any]:
    groups = inputs.get("vpcSecurityGroupIds") or []
    public = inputs.get("associatePublicIpAddress")
    if public is None:
        place = {"SubnetId": inputs["subnetId"]} if inputs.get("subnetId") else {}
        named = {"SecurityGroups": inputs.get("securityGroups") or []}
        return {**place, "SecurityGroupIds": groups, **named}
    interface = {
        "DeviceIndex": 0,
        "AssociatePublicIpAddress": public,
        "Groups": groups,
        "SubnetId": inputs.get("subnetId"),
        "PrivateIpAddress": request.pop("PrivateIpAddress", None),
    }
    return {
        "NetworkInterfaces": [
            {key: value for key, value in interface.items() if value is not None and value != []}
        ]
    }


def _devices(cloud: Cloud, inputs: Properties) -> list[dict[str, Any]]:
    devices = []
    root = inputs.get("rootBlockDevice")
    if root:
        image = cloud.client("ec2").describe_images(ImageIds=[inputs["ami"]])["Images"][0]
        devices.append({"DeviceName": image["RootDeviceName"], "Ebs": _ebs(root)})
    for device in inputs.get("ebsBlockDevices") or []:
        devices.append({"DeviceName": device["deviceName"], "Ebs": _ebs(device)})
    return devices


def _ebs(device: Properties) -> dict[str, Any]:
    fields = {
        **EBS_FIELDS,
        "encrypted": "Encrypted",
        "kmsKeyId": "KmsKeyId",
        "deleteOnTermination": "DeleteOnTermination",
        "snapshotId": "SnapshotId",
    }
    chosen = {theirs: device[ours] for ours, theirs in fields.items() if ours in device}
    return {"DeleteOnTermination": True, **chosen}


def _volume_tags(inputs: Properties) -> list[dict[str, Any]]:
    root = inputs.get("rootBlockDevice") or {}
    tags = inputs.get("volumeTags") or root.get("tags")
    return [{"ResourceType": "volume", "Tags": tag_list(tags)}] if tags else []


def settle_instance(cloud: Cloud, identifier: str, inputs: Properties) -> None:
    """Wait until an instance runs; set what RunInstances has no argument for."""
    states.wait_for_instance(cloud, identifier, "running")
    if inputs.get("sourceDestCheck") is False:
        cloud.client("ec2").modify_instance_attribute(
            InstanceId=identifier, SourceDestCheck={"Value": False}
        )


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
        "monitoring": instance.get("Monitoring", {}).get("State") in ("enabled", "pending"),
        "availabilityZone": instance["Placement"]["AvailabilityZone"],
        "tenancy": instance["Placement"].get("Tenancy", "default"),
        "metadataOptions": {
            ours: instance["MetadataOptions"][theirs]
            for ours, theirs in METADATA_FIELDS.items()
            if theirs in instance["MetadataOptions"]
        }
        if "MetadataOptions" in instance
        else None,
        "rootBlockDevice": _read_root(cloud, instance),
        **_read_network(instance),
        **_read_attributes(cloud, identifier, state),
        **read_tags(cloud, instance.get("Tags"), state),
    }


def _read_network(instance: dict[str, Any]) -> Properties:
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
        "sourceDestCheck": instance.get("SourceDestCheck", True),
        "vpcSecurityGroupIds": sorted(group["GroupId"] for group in groups),
        "securityGroups": sorted(group["GroupName"] for group in groups),
    }


def _read_attributes(cloud: Cloud, identifier: str, state: Properties) -> Properties:
    def attribute(name: str) -> Any:
        answer = cloud.client("ec2").describe_instance_attribute(
            InstanceId=identifier, Attribute=name
        )
        return answer.get(f"{name[0].upper()}{name[1:]}", {}).get("Value")

    encoded = attribute("userData")
    text = base64.b64decode(encoded).decode(errors="replace") if encoded else None
    return {
        "disableApiTermination": bool(attribute("disableApiTermination")),
        "disableApiStop": bool(attribute("disableApiStop")),
        "instanceInitiatedShutdownBehavior": attribute("instanceInitiatedShutdownBehavior"),
        # As the program gave it: plain, or in base64.
        **({"userDataBase64": encoded} if "userDataBase64" in state else {"userData": text}),
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


def delete_instance(cloud: Cloud, identifier: str, state: Properties) -> None:
    """Terminate an instance and wait until it is terminated.

    Termination protection holds, unless the program says ``forceDestroy``.
    """
    ec2 = cloud.client("ec2")
    if state.get("forceDestroy"):
        ec2.modify_instance_attribute(InstanceId=identifier, DisableApiTermination={"Value": False})
    ec2.terminate_instances(InstanceIds=[identifier])
    states.wait_for_instance(cloud, identifier, "terminated")


INSTANCE = ResourceType(
    type="aws:ec2/instance:Instance",
    calls=Calls(create_instance, read_instance, delete_instance, update_instance, settle_instance),
    inputs=names(
        "ami associatePublicIpAddress availabilityZone creditSpecification disableApiStop "
        "disableApiTermination ebsBlockDevices ebsOptimized forceDestroy iamInstanceProfile "
        "instanceInitiatedShutdownBehavior instanceType keyName metadataOptions monitoring "
        "privateIp rootBlockDevice securityGroups sourceDestCheck subnetId tenancy userData "
        "userDataBase64 userDataReplaceOnChange volumeTags vpcSecurityGroupIds"
    ),
    required=names("ami instanceType"),
    computed=names("arn instanceState primaryNetworkInterfaceId privateDns publicDns publicIp"),
    chosen=names(
        "associatePublicIpAddress availabilityZone creditSpecification disableApiStop "
        "disableApiTermination ebsOptimized instanceInitiatedShutdownBehavior keyName "
        "metadataOptions monitoring privateIp rootBlockDevice securityGroups subnetId tenancy "
        "vpcSecurityGroupIds"
    ),
    replaces=names(
        "ami associatePublicIpAddress availabilityZone ebsBlockDevices keyName privateIp "
        "securityGroups subnetId tenancy rootBlockDevice.encrypted rootBlockDevice.kmsKeyId"
    ),
    replaces_also=needs_replacement,
    recomputed={key: names("publicIp publicDns") for key in STOPPED_FIELDS},
    defaults={"sourceDestCheck": True, "userDataReplaceOnChange": False, "forceDestroy": False},
    normalise={"vpcSecurityGroupIds": sorted, "securityGroups": sorted},
    tags=True,
)
ROWS = (INSTANCE,)
