"""What a program says of an instance, as RunInstances wants it."""

from typing import Any

from .cloud import Cloud
from .instance_changes import EBS_FIELDS
from .instance_changes import metadata_options
from .tags import tag_list
from .tags import tag_specifications
from .values import Properties

_PLAIN = {
    "instanceType": "InstanceType",
    "keyName": "KeyName",
    "privateIp": "PrivateIpAddress",
    "disableApiTermination": "DisableApiTermination",
    "ebsOptimized": "EbsOptimized",
}


def run_request(cloud: Cloud, inputs: Properties) -> dict[str, Any]:
    """Return RunInstances' arguments besides the image and the number."""
    request: dict[str, Any] = {
        theirs: inputs[ours] for ours, theirs in _PLAIN.items() if inputs.get(ours) is not None
    }
    request.update(_nested(inputs))
    request.update(_network(request, inputs))
    request["BlockDeviceMappings"] = _root(cloud, inputs)
    request["TagSpecifications"] = tag_specifications("instance", inputs) + _root_tags(inputs)
    return {key: value for key, value in request.items() if value not in ([], {})}


def _nested(inputs: Properties) -> dict[str, Any]:
    request: dict[str, Any] = {}
    if inputs.get("iamInstanceProfile"):
        request["IamInstanceProfile"] = {"Name": inputs["iamInstanceProfile"]}
    if inputs.get("userData"):
        request["UserData"] = inputs["userData"]
    if inputs.get("metadataOptions"):
        request["MetadataOptions"] = metadata_options(inputs["metadataOptions"])
    if inputs.get("availabilityZone"):
        request["Placement"] = {"AvailabilityZone": inputs["availabilityZone"]}
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


def _root(cloud: Cloud, inputs: Properties) -> list[dict[str, Any]]:
    root = inputs.get("rootBlockDevice")
    if not root:
        return []
    image = cloud.client("ec2").describe_images(ImageIds=[inputs["ami"]])["Images"][0]
    fields = {
        **EBS_FIELDS,
        "encrypted": "Encrypted",
        "kmsKeyId": "KmsKeyId",
        "deleteOnTermination": "DeleteOnTermination",
    }
    chosen = {theirs: root[ours] for ours, theirs in fields.items() if ours in root}
    ebs = {"DeleteOnTermination": True, **chosen}
    return [{"DeviceName": image["RootDeviceName"], "Ebs": ebs}]


def _root_tags(inputs: Properties) -> list[dict[str, Any]]:
    tags = (inputs.get("rootBlockDevice") or {}).get("tags")
    return [{"ResourceType": "volume", "Tags": tag_list(tags)}] if tags else []
