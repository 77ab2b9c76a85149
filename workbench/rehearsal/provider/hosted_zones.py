"""Route 53: hosted zones."""

import time
from typing import Any

from .cloud import Cloud
from .resource import AutoName
from .resource import Calls
from .resource import Change
from .resource import ResourceType
from .resource import names
from .tags import changed_tags
from .tags import read_tags
from .tags import tag_list
from .tags import tags_of
from .values import Properties


def create_zone(cloud: Cloud, inputs: Properties) -> str:
    """Create a hosted zone."""
    answer = cloud.client("route53").create_hosted_zone(
        Name=inputs["name"],
        CallerReference=f"pulumi-{time.time_ns()}",
        HostedZoneConfig={"Comment": inputs.get("comment", "Managed by Pulumi")},
    )
    return str(answer["HostedZone"]["Id"]).rsplit("/", 1)[-1]


def settle_zone(cloud: Cloud, identifier: str, inputs: Properties) -> None:
    """Give a hosted zone its tags."""
    tags = tags_of(inputs)
    if tags:
        cloud.client("route53").change_tags_for_resource(
            ResourceType="hostedzone", ResourceId=identifier, AddTags=tag_list(tags)
        )


def read_zone(cloud: Cloud, identifier: str, state: Properties) -> Properties | None:
    """Read a hosted zone."""
    route53 = cloud.client("route53")
    answer = route53.get_hosted_zone(Id=identifier)
    zone, servers = answer["HostedZone"], answer.get("DelegationSet", {}).get("NameServers", [])
    tags = route53.list_tags_for_resource(ResourceType="hostedzone", ResourceId=identifier)
    return {
        "arn": f"arn:aws:route53:::hostedzone/{identifier}",
        "zoneId": identifier,
        "name": zone["Name"].rstrip("."),
        "comment": zone["Config"].get("Comment", ""),
        "nameServers": sorted(servers),
        "primaryNameServer": servers[0] if servers else None,
        **read_tags(cloud, tags["ResourceTagSet"]["Tags"], state),
    }


def update_zone(cloud: Cloud, identifier: str, change: Change) -> None:
    """Change a hosted zone's comment and tags."""
    route53 = cloud.client("route53")
    if "comment" in change:
        route53.update_hosted_zone_comment(
            Id=identifier, Comment=change.new.get("comment", "Managed by Pulumi")
        )
    if change.any_of("tags", "tagsAll"):
        removed, added = changed_tags(change)
        request: dict[str, Any] = {"AddTags": tag_list(added), "RemoveTagKeys": removed}
        route53.change_tags_for_resource(
            ResourceType="hostedzone",
            ResourceId=identifier,
            **{key: value for key, value in request.items() if value},
        )


def delete_zone(cloud: Cloud, identifier: str, state: Properties) -> None:
    """Delete a hosted zone, with its records where the program says so."""
    if state.get("forceDestroy"):
        _empty(cloud, identifier, state["name"])
    cloud.client("route53").delete_hosted_zone(Id=identifier)


def _empty(cloud: Cloud, identifier: str, name: str) -> None:
    route53 = cloud.client("route53")
    pages = route53.get_paginator("list_resource_record_sets").paginate(HostedZoneId=identifier)
    own = f"{name.rstrip('.')}."
    changes = [
        {"Action": "DELETE", "ResourceRecordSet": record}
        for page in pages
        for record in page["ResourceRecordSets"]
        if not (record["Type"] in ("NS", "SOA") and record["Name"] == own)
    ]
    if changes:
        route53.change_resource_record_sets(
            HostedZoneId=identifier, ChangeBatch={"Changes": changes}
        )


def bare_name(name: str) -> str:
    """Return a domain name in lower case and without the dot at its end."""
    return name.lower().rstrip(".")


ZONE = ResourceType(
    type="aws:route53/zone:Zone",
    calls=Calls(create_zone, read_zone, delete_zone, update_zone, settle_zone),
    inputs=names("comment forceDestroy name"),
    computed=names("arn nameServers primaryNameServer zoneId"),
    replaces=names("name"),
    defaults={"comment": "Managed by Pulumi", "forceDestroy": False},
    normalise={"name": bare_name},
    name=AutoName("name", longest=1024),
    tags=True,
    regional=False,
)
ROWS = (ZONE,)
