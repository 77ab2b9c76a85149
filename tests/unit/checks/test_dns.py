"""DNS: who keeps a record that is wrong, and what it says there."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from workbench.checks import dns
from workbench.checks import web_ports
from workbench.checks.target import Target
from workbench.configured import Configured

RIGHT, ID = "127.8.7.6", "/hostedzone/Z1"
STALE = "the record in Route 53 is stale"
ALIAS = "a record without addresses of its own"
TARGET = Target(
    "tests",
    {"domain": "bench.example", "names": ["bench.example", "www.bench.example"], "address": RIGHT},
)


class Route53:
    """A Route 53 with two zones, of which one is private, and the records of the public one."""

    def __init__(self, **records: str) -> None:
        self.records = {name.replace("_", "."): value for name, value in records.items()}
        self.zones = [
            {"Id": "Z0", "Name": "example.", "Config": {}},
            {"Id": ID, "Name": "bench.example.", "Config": {"PrivateZone": False}},
            {"Id": "Z2", "Name": "www.bench.example.", "Config": {"PrivateZone": True}},
        ]

    def get_hosted_zone(self, Id: str) -> dict[str, Any]:
        assert Id == ID
        return {"DelegationSet": {"NameServers": ["ns1", "ns2"]}}

    def get_paginator(self, name: str) -> "Route53":
        assert name == "list_hosted_zones"
        return self

    def paginate(self) -> list[dict[str, Any]]:
        return [{"HostedZones": self.zones[:1]}, {"HostedZones": self.zones[1:]}]

    def list_resource_record_sets(
        self, HostedZoneId: str, StartRecordName: str, StartRecordType: str, MaxItems: str
    ) -> dict[str, Any]:
        assert (HostedZoneId, StartRecordType, MaxItems) == (ID, "A", "1")
        # Route 53 begins at the first record that isn't before the name.
        value = self.records.get(StartRecordName)
        name = StartRecordName.replace("*", "\\052") if value else "zzz.bench.example"
        record: dict[str, Any] = {"Name": f"{name}.", "Type": "A"}
        if value != ALIAS:
            values = (value or RIGHT).split()
            record["ResourceRecords"] = [{"Value": each} for each in values]
        return {"ResourceRecordSets": [record]}


def check(found: list[str], route53: Route53 | None = None, **outputs: Any) -> tuple[str, str, str]:
    target = replace(
        TARGET,
        outputs=dict(TARGET.outputs) | outputs,
        resolve=lambda name: found,
        aws={"route53": route53}.__getitem__,
    )
    outcome = dns.check_dns(target)
    return outcome.result, outcome.evidence, outcome.fix


def test_behind_a_load_balancer_every_name_points_to_that() -> None:
    route53 = Route53()
    alias = {"Name": "bench.example.", "Type": "A", "AliasTarget": {"DNSName": "lab.elb.example."}}
    route53.list_resource_record_sets = (  # type: ignore[method-assign]
        lambda **_: {"ResourceRecordSets": [alias]}
    )
    # AWS keeps a name's capitals, Route 53 doesn't.
    front = {"entrance": "Lab.elb.example"}
    nodes = ["127.1.1.1", "127.2.2.2"]
    result, evidence, _ = check(nodes, route53, **front)
    assert (result, evidence) == (
        "PASS",
        "bench.example, www.bench.example → Lab.elb.example",
    )

    def resolve(name: str) -> list[str]:
        return nodes if name == "Lab.elb.example" else [RIGHT]

    target = replace(
        TARGET, outputs={**TARGET.outputs, **front}, resolve=resolve, aws=lambda _: route53
    )
    outcome = dns.check_dns(target)
    assert outcome.result == "FAIL"
    assert "it should point to Lab.elb.example (" not in outcome.evidence
    assert "it should point to Lab.elb.example;" in outcome.evidence
    # What Route 53 has is right.
    assert "others cache the old address" in outcome.evidence


@pytest.mark.parametrize(
    ("front", "names", "result"),
    [
        (["127.1.1.1", "127.2.2.2"], ["127.2.2.2", "127.3.3.3"], "PASS"),
        (["127.1.1.1"], ["127.3.3.3"], "FAIL"),
        ([], [], "FAIL"),
    ],
)
def test_a_load_balancer_may_have_got_another_address_meanwhile(
    front: list[str], names: list[str], result: str
) -> None:
    name = "lab-1.elb.example"
    record = {"name": "bench.example", "type": "CNAME", "value": name}
    target = replace(
        TARGET,
        outputs={**TARGET.outputs, "entrance": name, "dns_records": [record]},
        resolve=lambda asked: front if asked == name else names,
    )
    outcome = dns.check_dns(target)
    assert outcome.result == result
    if result == "FAIL":
        assert outcome.evidence.endswith(f"create there: bench.example CNAME {name}")


def test_an_alias_that_the_console_made_is_right() -> None:
    alias = {"DNSName": "dualstack.lab.elb.example."}
    route53 = Route53()
    route53.list_resource_record_sets = (  # type: ignore[method-assign]
        lambda **_: {
            "ResourceRecordSets": [{"Name": "a.example.", "Type": "A", "AliasTarget": alias}]
        }
    )
    target = replace(TARGET, aws={"route53": route53}.__getitem__)
    assert dns.read_record(target, ID, "a.example") == ["lab.elb.example"]


def test_every_name_leads_to_the_address_and_nowhere_else() -> None:
    result, evidence, _ = check([RIGHT])
    assert (result, evidence) == ("PASS", f"bench.example, www.bench.example → {RIGHT}")


def test_without_a_domain_there_is_nothing_to_ask() -> None:
    assert check([], domain="") == ("SKIP", "the stack has no domain", "")


@pytest.mark.parametrize(
    ("found", "kept", "evidence", "fix"),
    [
        (["10.0.0.1"], "10.0.0.1", "the record in Route 53 is stale: 10.0.0.1", dns.UP),
        ([RIGHT, "10.0.0.1"], "10.0.0.1 10.0.0.2", f"{STALE}: 10.0.0.1, 10.0.0.2", dns.UP),
        ([], "", "the record in Route 53 is missing", dns.UP),
        ([], ALIAS, "the record in Route 53 is missing", dns.UP),
        (
            ["10.0.0.1"],
            RIGHT,
            "Route 53 is correct: others cache the old address for a few minutes",
            "workbench doctor --stack {stack}",
        ),
        (
            [],
            RIGHT,
            "Route 53 has the record, but nobody asks it: the domain isn't delegated; where you"
            " bought it, enter the name servers ns1, ns2",
            dns.UP,
        ),
    ],
)
def test_the_cause_is_named(found: list[str], kept: str, evidence: str, fix: str) -> None:
    route53 = Route53(bench_example=kept, www_bench_example=kept)
    result, said, typed = check(found, route53)
    assert (result, typed) == ("FAIL", fix)
    assert said.startswith(f"bench.example points to {', '.join(sorted(found)) or 'nothing'};")
    assert said.endswith(f"; it should point to {RIGHT}; {evidence}")


def test_peoples_names_have_one_record_together() -> None:
    asked: list[str] = []

    def resolve(name: str) -> list[str]:
        asked.append(name)
        return ["10.0.0.1"] if name.startswith("ada") else [RIGHT]

    target = replace(
        TARGET,
        outputs=dict(TARGET.outputs) | {"users": ["ada", "bob"]},
        configured=Configured({"workbench:hostNamePerUser": "true"}),
        resolve=resolve,
    )
    for kept, cause in ((RIGHT, "Route 53 is correct"), ("10.0.0.1", f"{STALE}: 10.0.0.1")):
        route53 = Route53(**{"*_bench_example": kept})
        evidence = dns.check_dns(replace(target, aws={"route53": route53}.__getitem__)).evidence
        assert evidence.startswith("ada.bench.example points to 10.0.0.1; it should")
        assert cause in evidence
    assert "bob.bench.example" not in asked


def test_a_zone_that_is_gone_is_named() -> None:
    route53 = Route53()
    route53.zones = []
    result, evidence, fix = check([], route53)
    assert (result, fix) == ("FAIL", dns.UP)
    assert "Route 53 has no hosted zone for it" in evidence


@pytest.mark.parametrize(("found", "word"), [([], "missing"), (["10.0.0.1"], "stale")])
def test_a_domain_kept_elsewhere_gets_its_records_by_hand(found: list[str], word: str) -> None:
    names = ("bench.example", "*.bench.example")
    records = [{"name": each, "type": "A", "value": RIGHT, "ttl": 300} for each in names]
    result, evidence, fix = check(found, dns_records=records)
    assert (result, fix) == ("FAIL", dns.UP)
    assert f"managed outside this account, is {word}" in evidence
    assert evidence.endswith(f"there: bench.example A {RIGHT}, *.bench.example A {RIGHT}")


@pytest.mark.parametrize("found", [[], ["198.51.100.1"]])
@pytest.mark.parametrize(("status", "result"), [(503, "WARN"), (301, "FAIL")])
def test_a_domain_that_is_not_delegated_is_no_failure_while_the_certificate_is_pending(
    make_site: Callable[..., Target], found: list[str], status: int, result: str
) -> None:
    site = make_site(http={"/": (status, {}, "")}, entrance="lab.elb.example")
    alias = {"Name": "bench.example.", "Type": "A", "AliasTarget": {"DNSName": "lab.elb.example."}}
    route53 = Route53()
    route53.list_resource_record_sets = (  # type: ignore[method-assign]
        lambda **_: {"ResourceRecordSets": [alias]}
    )
    target = replace(
        site,
        entrance=site.address,
        resolve=lambda name: found if name == "bench.example" else ["127.1.1.1"],
        aws={"route53": route53}.__getitem__,
    )
    outcome = dns.check_dns(target)
    assert outcome.result == result
    # An address may be an old one, or that of a registrar's page.
    assert ("cache the old address" in outcome.evidence) is bool(found)
    if result == "WARN":
        assert outcome.fix == web_ports.ISSUED
        assert outcome.evidence.endswith(
            " the domain isn't delegated; where you bought it, enter the name servers ns1, ns2"
        )

    # A load balancer without an address can't say what it waits for.
    assert dns.check_dns(replace(target, entrance=None)).result == "FAIL"


def test_only_the_names_that_lead_elsewhere_are_named() -> None:
    answers = {"bench.example": [RIGHT], "www.bench.example": ["10.0.0.1"]}
    route53 = Route53(www_bench_example="10.0.0.1")
    target = replace(TARGET, resolve=answers.__getitem__, aws={"route53": route53}.__getitem__)
    assert dns.check_dns(target).evidence == (
        f"www.bench.example points to 10.0.0.1; it should point to {RIGHT};"
        " the record in Route 53 is stale: 10.0.0.1"
    )
