"""Lookups (invokes): what exists already."""

from collections.abc import Callable
from typing import Any

from workbench.rehearsal.names import PLAYED

from .cloud import Cloud
from .failures import ProviderError
from .values import Properties

Lookup = Callable[[Cloud, Properties], Properties]


def filters_of(arguments: Properties, **wanted: str | None) -> list[dict[str, Any]]:
    """Return EC2's filters for a lookup's own filters, its tags, and what else is wanted."""
    filters = [
        {"Name": one["name"], "Values": one["values"]} for one in arguments.get("filters") or []
    ]
    filters += [
        {"Name": f"tag:{key}", "Values": [value]}
        for key, value in (arguments.get("tags") or {}).items()
    ]
    filters += [
        {"Name": name.replace("_", "-"), "Values": [value]}
        for name, value in wanted.items()
        if value
    ]
    return filters


def only(found: list[dict[str, Any]], what: str) -> dict[str, Any]:
    """Return the one object found; raise ProviderError for none or several."""
    if len(found) == 1:
        return found[0]
    if not found:
        raise ProviderError(f"No {what} matches.", "Check the id, the filters and the region.")
    raise ProviderError(
        f"{len(found)} {what}s match, and one is needed.",
        "Give an id, or filters that only one of them passes.",
    )


def tags_in(found: dict[str, Any]) -> dict[str, str]:
    """Return an EC2 object's tags."""
    return {tag["Key"]: tag["Value"] for tag in found.get("Tags") or []}


def get_region(cloud: Cloud, arguments: Properties) -> Properties:
    """Tell the region in use."""
    region = arguments.get("name") or cloud.region
    return {
        "id": region,
        "name": region,
        "region": region,
        "description": region,
        "endpoint": f"ec2.{region}.amazonaws.com",
    }


def get_caller(cloud: Cloud, arguments: Properties) -> Properties:
    """Tell who is calling."""
    caller = cloud.client("sts").get_caller_identity()
    return {
        "id": caller["Account"],
        "accountId": caller["Account"],
        "arn": caller["Arn"],
        "userId": caller["UserId"],
    }


def get_partition(cloud: Cloud, arguments: Properties) -> Properties:
    """Tell the partition."""
    return {
        "id": "aws",
        "partition": "aws",
        "dnsSuffix": "amazonaws.com",
        "reverseDnsPrefix": "com.amazonaws",
    }


def get_parameter(cloud: Cloud, arguments: Properties) -> Properties:
    """Look a Systems Manager parameter up."""
    decrypt = bool(arguments.get("withDecryption", True))
    parameter = cloud.client("ssm").get_parameter(Name=arguments["name"], WithDecryption=decrypt)[
        "Parameter"
    ]
    if parameter.get("DataType") == "aws:ec2:image":
        _tell_of_image(cloud, parameter["Value"])
    return {
        "id": parameter["Name"],
        "arn": parameter.get("ARN", ""),
        "name": parameter["Name"],
        "type": parameter["Type"],
        "value": parameter["Value"],
        "insecureValue": None if parameter["Type"] == "SecureString" else parameter["Value"],
        "version": parameter.get("Version", 1),
        "withDecryption": decrypt,
    }


def _tell_of_image(cloud: Cloud, identifier: str) -> None:
    """Say it where an image isn't that of the operating system it is asked for."""
    images = cloud.client("ec2").describe_images(ImageIds=[identifier])["Images"]
    for image in images:
        if PLAYED in image.get("Description", ""):
            cloud.tell(f"{image['Description']}.")


def get_hosted_zone(cloud: Cloud, arguments: Properties) -> Properties:
    """Look a hosted zone up by id or by name."""
    route53 = cloud.client("route53")
    identifier = arguments.get("zoneId")
    if not identifier:
        pages = route53.get_paginator("list_hosted_zones").paginate()
        name = f"{arguments.get('name', '').rstrip('.')}."
        private = bool(arguments.get("privateZone", False))
        found = [
            zone
            for page in pages
            for zone in page["HostedZones"]
            if zone["Name"] == name and bool(zone["Config"].get("PrivateZone", False)) == private
        ]
        identifier = only(found, "hosted zone")["Id"].rsplit("/", 1)[-1]
    answer = route53.get_hosted_zone(Id=identifier)
    zone, servers = answer["HostedZone"], answer.get("DelegationSet", {}).get("NameServers", [])
    tags = route53.list_tags_for_resource(ResourceType="hostedzone", ResourceId=identifier)
    return {
        "id": identifier,
        "zoneId": identifier,
        "name": zone["Name"].rstrip("."),
        "arn": f"arn:aws:route53:::hostedzone/{identifier}",
        "nameServers": sorted(servers),
        "primaryNameServer": servers[0] if servers else "",
        "callerReference": zone.get("CallerReference", ""),
        "comment": zone["Config"].get("Comment", ""),
        "privateZone": bool(zone["Config"].get("PrivateZone", False)),
        "resourceRecordSetCount": zone.get("ResourceRecordSetCount", 0),
        "tags": {tag["Key"]: tag["Value"] for tag in tags["ResourceTagSet"]["Tags"]},
    }
