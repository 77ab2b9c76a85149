"""Tags, as the different AWS services want them."""

from collections.abc import Mapping
from typing import Any

from .cloud import Cloud
from .resource import Change
from .values import Properties

Tags = Mapping[str, str]


def tags_of(inputs: Properties) -> dict[str, str]:
    """Return all tags an object is to have."""
    return dict(inputs.get("tagsAll") or inputs.get("tags") or {})


def tag_list(tags: Tags) -> list[dict[str, str]]:
    """Return tags in the form most services take."""
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def tag_specifications(kind: str, inputs: Properties) -> list[dict[str, Any]]:
    """Return the argument that gives an EC2 object its tags as it is made."""
    tags = tags_of(inputs)
    return [{"ResourceType": kind, "Tags": tag_list(tags)}] if tags else []


def read_tags(cloud: Cloud, tags: list[Mapping[str, str]] | None, state: Properties) -> Properties:
    """Return the outputs ``tags`` and ``tagsAll`` from what AWS lists.

    A tag that comes from the provider's defaults is only in ``tagsAll``.
    """
    everything = {
        tag["Key"]: tag["Value"] for tag in tags or [] if not tag["Key"].startswith("aws:")
    }
    own, defaults = state.get("tags") or {}, cloud.settings.default_tags
    return {
        "tagsAll": everything,
        "tags": {
            key: value
            for key, value in everything.items()
            if key in own or defaults.get(key) != value
        },
    }


def changed_tags(change: Change) -> tuple[list[str], dict[str, str]]:
    """Return the names of tags to remove and the tags to set."""
    old, new = tags_of(change.old), tags_of(change.new)
    return (
        [key for key in old if key not in new],
        {key: value for key, value in new.items() if old.get(key) != value},
    )


def update_ec2_tags(cloud: Cloud, identifier: str, change: Change) -> None:
    """Bring an EC2 object's tags to what the program says now."""
    if not change.any_of("tags", "tagsAll"):
        return
    removed, added = changed_tags(change)
    replace_ec2_tags(cloud, [identifier], removed, added)


def replace_ec2_tags(cloud: Cloud, identifiers: list[str], removed: list[str], added: Tags) -> None:
    """Remove and set tags of EC2 objects."""
    ec2 = cloud.client("ec2")
    if removed and identifiers:
        ec2.delete_tags(Resources=identifiers, Tags=[{"Key": key} for key in removed])
    if added and identifiers:
        ec2.create_tags(Resources=identifiers, Tags=tag_list(added))
