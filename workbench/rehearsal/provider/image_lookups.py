"""Lookups of machine images."""

from .cloud import Cloud
from .lookups import filters_of
from .lookups import only
from .lookups import tags_in
from .values import Properties


def get_image(cloud: Cloud, arguments: Properties) -> Properties:
    """Look a machine image up by filters and owners."""
    owners = {"Owners": arguments["owners"]} if arguments.get("owners") else {}
    found = cloud.client("ec2").describe_images(
        Filters=filters_of(arguments),
        IncludeDeprecated=bool(arguments.get("includeDeprecated", False)),
        **owners,
    )["Images"]
    if arguments.get("mostRecent"):
        found = sorted(found, key=lambda each: each["CreationDate"])[-1:]
    image = only(found, "machine image")
    identifier = image["ImageId"]
    return {
        "id": identifier,
        "imageId": identifier,
        "arn": cloud.arn("ec2", f"image/{identifier}"),
        "name": image.get("Name", ""),
        "description": image.get("Description", ""),
        "architecture": image["Architecture"],
        "creationDate": image["CreationDate"],
        "ownerId": image["OwnerId"],
        "public": image["Public"],
        "platform": image.get("Platform", ""),
        "rootDeviceName": image["RootDeviceName"],
        "rootDeviceType": image["RootDeviceType"],
        "state": image["State"],
        "virtualizationType": image["VirtualizationType"],
        "tags": tags_in(image),
    }
