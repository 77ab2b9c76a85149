"""Route 53: records."""

from typing import Any

from .cloud import Cloud
from .failures import ProviderError
from .hosted_zones import bare_name
from .resource import Calls
from .resource import Change
from .resource import ResourceType
from .resource import names
from .values import Properties


def full_name(name: str, zone: str) -> str:
    """Return a record's whole name: "www" and "www.example.org" are the same in example.org."""
    name, zone = bare_name(name), bare_name(zone)
    if not name or name == zone or name.endswith(f".{zone}"):
        return name or zone
    return f"{name}.{zone}"


def _zone_name(cloud: Cloud, zone: str) -> str:
    return str(cloud.client("route53").get_hosted_zone(Id=zone)["HostedZone"]["Name"])


def _record(inputs: Properties, name: str) -> dict[str, Any]:
    record: dict[str, Any] = {"Name": f"{name}.", "Type": inputs["type"]}
    if inputs.get("aliases"):
        alias = inputs["aliases"][0]
        record["AliasTarget"] = {
            "HostedZoneId": alias["zoneId"],
            "DNSName": alias["name"],
            "EvaluateTargetHealth": alias["evaluateTargetHealth"],
        }
        return record
    record["TTL"] = inputs.get("ttl", 300)
    record["ResourceRecords"] = [
        {"Value": _quoted(inputs["type"], value)} for value in inputs.get("records", [])
    ]
    return record


def _quoted(kind: str, value: str) -> str:
    return f'"{value}"' if kind in ("TXT", "SPF") and not value.startswith('"') else value


def _unquoted(kind: str, value: str) -> str:
    return value[1:-1] if kind in ("TXT", "SPF") and value.startswith('"') else value


def _change(
    cloud: Cloud,
    action: str,
    zone: str,
    record: dict[str, Any],
    *,
    instead_of: dict[str, Any] | None = None,
) -> None:
    """Change a record, in one go with the removal of the one that it takes the place of."""
    route53 = cloud.client("route53")
    first = [{"Action": "DELETE", "ResourceRecordSet": instead_of}] if instead_of else []
    answer = route53.change_resource_record_sets(
        HostedZoneId=zone,
        ChangeBatch={
            "Comment": "Managed by Pulumi",
            "Changes": [*first, {"Action": action, "ResourceRecordSet": record}],
        },
    )
    number = answer["ChangeInfo"]["Id"]
    cloud.wait(
        f"{record['Name']} to be answered by all name servers",
        lambda: route53.get_change(Id=number)["ChangeInfo"]["Status"] == "INSYNC",
    )


def create_record(cloud: Cloud, inputs: Properties) -> str:
    """Create a record; one that exists is only taken over where the program allows it."""
    zone = inputs["zoneId"]
    name = full_name(inputs["name"], _zone_name(cloud, zone))
    overwrite = bool(inputs.get("allowOverwrite"))
    # Route 53 refuses to create a record that exists; moto 5.2 writes over it.
    if not overwrite and _find(cloud, zone, name, inputs["type"]):
        raise ProviderError(
            f"The {inputs['type']} record {name} already exists in the hosted zone {zone}.",
            "Import it, delete it, or set allowOverwrite on the record.",
        )
    action = "UPSERT" if overwrite else "CREATE"
    _change(cloud, action, zone, _record(inputs, name))
    return f"{zone}_{inputs['name'].lower()}_{inputs['type']}"


def _find(cloud: Cloud, zone: str, name: str, kind: str) -> dict[str, Any] | None:
    pages = cloud.client("route53").get_paginator("list_resource_record_sets")
    for page in pages.paginate(HostedZoneId=zone):
        for record in page["ResourceRecordSets"]:
            # Route 53 writes a wildcard's star as \052.
            found = bare_name(record["Name"].replace("\\052", "*"))
            if (found, record["Type"]) == (name, kind):
                result: dict[str, Any] = record
                return result
    return None


def _place(identifier: str, state: Properties) -> tuple[str, str, str]:
    if "zoneId" in state and "type" in state:
        return state["zoneId"], state["name"], state["type"]
    # An import's id is "ZONE_NAME_TYPE"; a name may have underscores.
    zone, _, rest = identifier.partition("_")
    name, _, kind = rest.rpartition("_")
    return zone, name, kind


def read_record(cloud: Cloud, identifier: str, state: Properties) -> Properties | None:
    """Read a record."""
    zone, name, kind = _place(identifier, state)
    whole = full_name(name, _zone_name(cloud, zone))
    record = _find(cloud, zone, whole, kind)
    if record is None:
        return None
    alias = record.get("AliasTarget")
    return {
        "zoneId": zone,
        "name": name,
        "type": kind,
        "fqdn": whole,
        "ttl": None if alias else record.get("TTL"),
        "records": None
        if alias
        else [_unquoted(kind, value["Value"]) for value in record.get("ResourceRecords", [])],
        "aliases": [
            {
                "name": bare_name(alias["DNSName"]),
                "zoneId": alias["HostedZoneId"],
                "evaluateTargetHealth": alias["EvaluateTargetHealth"],
            }
        ]
        if alias
        else None,
    }


def update_record(cloud: Cloud, identifier: str, change: Change) -> None:
    """Change a record; of another type, it takes the old one's place."""
    zone = change.new["zoneId"]
    name = full_name(change.new["name"], _zone_name(cloud, zone))
    old = None
    if "type" in change:
        old = _find(cloud, zone, name, change.old["type"])
    action = "CREATE" if old else "UPSERT"
    _change(cloud, action, zone, _record(change.new, name), instead_of=old)


def delete_record(cloud: Cloud, identifier: str, state: Properties) -> None:
    """Delete a record, whatever its values are by now."""
    zone, name, kind = _place(identifier, state)
    record = _find(cloud, zone, full_name(name, _zone_name(cloud, zone)), kind)
    if record is not None:
        _change(cloud, "DELETE", zone, record)


def _same_aliases(aliases: Any) -> Any:
    return [{**alias, "name": bare_name(alias["name"])} for alias in aliases or []]


RECORD = ResourceType(
    type="aws:route53/record:Record",
    calls=Calls(create_record, read_record, delete_record, update_record),
    inputs=names("aliases allowOverwrite name records ttl type zoneId"),
    required=names("name type zoneId"),
    computed=names("fqdn"),
    chosen=names("allowOverwrite"),
    replaces=names("name zoneId"),
    normalise={"name": bare_name, "records": sorted, "aliases": _same_aliases},
    regional=False,
)
ROWS = (RECORD,)
