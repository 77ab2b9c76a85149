"""What a program says of an instance, as RunInstances wants it."""

from typing import Any

from .cloud import Cloud
from .instance_changes import EBS_FIELDS
from .instance_changes import metadata_options
from .instance_changes import user_data
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


def run_request(cloud: Cloud, inputs: Properties) -> dict[str, Any]:
    """Return RunInstances' arguments besides the image and the number."""
    request: dict[str, Any] = {
        theirs: inputs[ours] for ours, theirs in _PLAIN.items() if inputs.get(ours) is not None
    }
    request.update(_nested(inputs))
    request.update(_network(request, inputs))
    request["BlockDeviceMappings"] = _devices(cloud, inputs)
    request["TagSpecifications"] = tag_specifications("instance", inputs) + _volume_tags(inputs)
    return {key: value for key, value in request.items() if value not in ([], {})}


def _nested(inputs: Properties) -> dict[str, Any]:
    request: dict[str, Any] = {}
    if inputs.get("iamInstanceProfile"):
        request["IamInstanceProfile"] = {"Name": inputs["iamInstanceProfile"]}
    if user_data(inputs) is not None:
        # boto3 puts it into base64.
        request["UserData"] = user_data(inputs)
    if inputs.get("metadataOptions"):
        request["MetadataOptions"] = metadata_options(inputs["metadataOptions"])
    if inputs.get("creditSpecification"):
        kind = inputs["creditSpecification"].get("cpuCredits", "standard")
        request["CreditSpecification"] = {"CpuCredits": kind}
    if inputs.get("monitoring"):
        request["Monitoring"] = {"Enabled": True}
    place = {"AvailabilityZone": inputs.get("availabilityZone"), "Tenancy": inputs.get("tenancy")}
    request["Placement"] = {key: value for key, value in place.items() if value}
    return request


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
