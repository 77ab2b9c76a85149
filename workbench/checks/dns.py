"""DNS: every name points to the server; if not, whether a record is missing, stale or unknown."""

from collections.abc import Mapping
from typing import Any

from workbench.checks.check import Outcome
from workbench.checks.check import failed
from workbench.checks.check import passed
from workbench.checks.check import skipped
from workbench.checks.check import warned
from workbench.checks.target import Target
from workbench.checks.web_ports import find_pending

UP = "workbench up --stack {stack}"


def check_dns(target: Target) -> Outcome:
    """Check that every name points to the server's address, or to the load balancer's."""
    if not target.outputs.get("domain"):
        return skipped("the stack has no domain")
    front, expected = target.outputs.get("entrance"), {*_expected(target)}
    # People's names have one record together.
    names = [*target.names, *target.people_names[:1]]
    found = {name: sorted(target.resolve(name)) for name in names}
    # A load balancer's addresses change, and each name was asked for at another time.
    wrong = [
        name
        for name, known in found.items()
        if (not expected & {*known} if front else expected != {*known})
    ]
    where = str(front or target.output("address"))
    if not wrong:
        return passed(f"{', '.join(names)} → {where}")
    told = "; ".join(f"{name} points to {', '.join(found[name]) or 'nothing'}" for name in wrong)
    return _why(target, wrong[0], f"{told}; it should point to {where}", found[wrong[0]])


def _why(target: Target, name: str, told: str, found: list[str]) -> Outcome:
    """Return the failure of a name with its cause: who keeps the record, and what it says there."""
    by_hand = records_by_hand(target.outputs)
    if by_hand:
        cause = f"managed outside this account, is {'stale' if found else 'missing'}"
        return failed(f"{told} (the record, {cause}); create there: {', '.join(by_hand)}", UP)
    zone = find_zone(target, name)
    if zone is None:
        return failed(f"{told}; Route 53 has no hosted zone for it", UP)
    record = f"*.{name.partition('.')[2]}" if name in target.people_names else name
    kept = read_record(target, zone["Id"], record)
    if kept != [str(target.outputs.get("entrance") or target.output("address")).lower()]:
        cause = f"stale: {', '.join(kept)}" if kept else "missing"
        return failed(f"{told}; the record in Route 53 is {cause}", UP)
    # AWS issues no certificate before others ask there, so that is no failure until it has.
    pending = find_pending(target) if target.entrance is not None else None
    if found and pending is None:
        cause = "Route 53 is correct: others cache the old address for a few minutes"
        return failed(f"{told}; {cause}", "workbench doctor --stack {stack}")
    servers = ", ".join(_read_name_servers(target, zone["Id"]))
    cause = "Route 53 has the record, but nobody asks it: the domain isn't delegated"
    if found:
        cause = (
            "Route 53 is correct: others cache the old address for a few minutes, or the domain"
            " isn't delegated"
        )
    told = f"{told}; {cause}; where you bought it, enter the name servers {servers}"
    return failed(told, UP) if pending is None else warned(told, pending.fix)


def records_by_hand(outputs: Mapping[str, Any]) -> list[str]:
    """Return the records that a person makes, for a domain kept outside the account."""
    records = outputs.get("dns_records") or []
    return [f"{each['name']} {each['type']} {each['value']}" for each in records]


def find_zone(target: Target, name: str) -> dict[str, Any] | None:
    """Return Route 53's public hosted zone that a name is in, the one nearest to it."""
    pages = target.aws("route53").get_paginator("list_hosted_zones").paginate()
    zones: list[dict[str, Any]] = [
        zone
        for page in pages
        for zone in page["HostedZones"]
        if f".{name}.".endswith(f".{zone['Name']}") and not zone["Config"].get("PrivateZone")
    ]
    return max(zones, key=lambda zone: len(zone["Name"]), default=None)


def _read_name_servers(target: Target, zone_id: str) -> list[str]:
    found = target.aws("route53").get_hosted_zone(Id=zone_id)
    return [str(each) for each in found["DelegationSet"]["NameServers"]]


def read_record(target: Target, zone_id: str, name: str) -> list[str]:
    """Return the addresses, or the load balancer, that Route 53 has for a name, if any."""
    found = target.aws("route53").list_resource_record_sets(
        HostedZoneId=zone_id, StartRecordName=name, StartRecordType="A", MaxItems="1"
    )["ResourceRecordSets"]
    return [
        record["Value"]
        for each in found
        # Route 53 writes the asterisk as its octal code.
        if each["Name"].rstrip(".").replace("\\052", "*") == name and each["Type"] == "A"
        for record in [*each.get("ResourceRecords", []), *_alias(each)]
    ]


def _alias(record: Mapping[str, Any]) -> list[dict[str, str]]:
    """Return what a record that stands for a load balancer's name has as its value."""
    alias = record.get("AliasTarget")
    # As Route 53 writes it, whatever the load balancer is called; the console adds what comes off.
    name = str(alias["DNSName"]).rstrip(".").lower() if alias else ""
    return [{"Value": name.removeprefix("dualstack.")}] if alias else []


def _expected(target: Target) -> list[str]:
    front = target.outputs.get("entrance")
    return target.resolve(str(front)) if front else [target.output("address")]
