"""Lookups of what an instance is made from: images, instance types, and where types are offered."""

import re
from typing import Any

from .cloud import Cloud
from .failures import ProviderError
from .lookups import filters_of
from .lookups import only
from .lookups import tags_in
from .values import Properties


def get_ami(cloud: Cloud, arguments: Properties) -> Properties:
    """Look an image up by filters; the newest where the program says so."""
    request: dict[str, Any] = {"Filters": filters_of(arguments)}
    if arguments.get("owners"):
        request["Owners"] = arguments["owners"]
    if arguments.get("executableUsers"):
        request["ExecutableUsers"] = arguments["executableUsers"]
    found = cloud.client("ec2").describe_images(**request)["Images"]
    if arguments.get("nameRegex"):
        pattern = re.compile(arguments["nameRegex"])
        found = [image for image in found if pattern.search(image.get("Name", ""))]
    if arguments.get("mostRecent"):
        found = sorted(found, key=lambda image: str(image.get("CreationDate", "")))[-1:]
    image = only(found, "image")
    return {**_image(cloud, image), "blockDeviceMappings": _devices(image)}


def _image(cloud: Cloud, image: dict[str, Any]) -> Properties:
    texts = {
        "name": "Name", "description": "Description", "architecture": "Architecture",
        "creationDate": "CreationDate", "hypervisor": "Hypervisor", "ownerId": "OwnerId",
        "imageLocation": "ImageLocation", "imageType": "ImageType", "platform": "Platform",
        "rootDeviceName": "RootDeviceName", "rootDeviceType": "RootDeviceType", "state": "State",
        "virtualizationType": "VirtualizationType", "imageOwnerAlias": "ImageOwnerAlias",
        "bootMode": "BootMode", "deprecationTime": "DeprecationTime", "kernelId": "KernelId",
        "imdsSupport": "ImdsSupport", "platformDetails": "PlatformDetails",
        "ramdiskId": "RamdiskId", "sriovNetSupport": "SriovNetSupport",
        "tpmSupport": "TpmSupport", "usageOperation": "UsageOperation",
        "lastLaunchedTime": "LastLaunchedTime",
    }  # fmt: skip
    identifier = image["ImageId"]
    return {
        "id": identifier,
        "imageId": identifier,
        "arn": f"arn:aws:ec2:{cloud.region}::image/{identifier}",
        "public": bool(image.get("Public", False)),
        "enaSupport": bool(image.get("EnaSupport", False)),
        "rootSnapshotId": _root_snapshot(image),
        "productCodes": [],
        "stateReason": {},
        "tags": tags_in(image),
        **{ours: str(image.get(theirs) or "") for ours, theirs in texts.items()},
    }


def _root_snapshot(image: dict[str, Any]) -> str:
    for mapping in image.get("BlockDeviceMappings") or []:
        if mapping.get("DeviceName") == image.get("RootDeviceName"):
            return str(mapping.get("Ebs", {}).get("SnapshotId", ""))
    return ""


def _devices(image: dict[str, Any]) -> list[Properties]:
    return [
        {
            "deviceName": mapping.get("DeviceName", ""),
            "noDevice": "",
            "virtualName": mapping.get("VirtualName", ""),
            # The schema has texts in this map, whatever they hold.
            "ebs": {
                _lower(key): str(value).lower() if isinstance(value, bool) else str(value)
                for key, value in mapping.get("Ebs", {}).items()
            },
        }
        for mapping in image.get("BlockDeviceMappings") or []
    ]


def _lower(key: str) -> str:
    return f"{key[0].lower()}{key[1:]}"


def _offerings(cloud: Cloud, arguments: Properties) -> tuple[str, list[dict[str, str]]]:
    kind = arguments.get("locationType") or "region"
    pages = (
        cloud.client("ec2")
        .get_paginator("describe_instance_type_offerings")
        .paginate(LocationType=kind, Filters=filters_of(arguments))
    )
    return kind, [one for page in pages for one in page["InstanceTypeOfferings"]]


def get_instance_type_offerings(cloud: Cloud, arguments: Properties) -> Properties:
    """Look up which instance types are offered where."""
    kind, found = _offerings(cloud, arguments)
    return {
        "id": cloud.region,
        "locationType": kind,
        "instanceTypes": [one["InstanceType"] for one in found],
        "locations": [one["Location"] for one in found],
        "locationTypes": [one["LocationType"] for one in found],
    }


def get_instance_type_offering(cloud: Cloud, arguments: Properties) -> Properties:
    """Look up the first of the preferred instance types that is offered."""
    kind, found = _offerings(cloud, arguments)
    offered = {one["InstanceType"]: one["Location"] for one in found}
    wanted = arguments.get("preferredInstanceTypes") or list(offered)[:2]
    for name in wanted:
        if name in offered:
            return {
                "id": name,
                "instanceType": name,
                "locationType": kind,
                "location": offered[name],
            }
    raise ProviderError(
        f"None of the instance types {', '.join(wanted) or 'asked for'} is offered here.",
        "Choose another instance type or another zone.",
    )
