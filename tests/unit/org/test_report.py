"""The comment on a pull request: what is grave comes first, and what it costs."""

from pipeline_program import REPORT

from workbench.prices import HOURS_PER_MONTH
from workbench.prices import in_dollars
from workbench.prices.table import gp3_price
from workbench.prices.table import hourly_price

INSTANCE = "aws:ec2/instance:Instance"
VOLUME = "aws:ebs/volume:Volume"
COMMIT = "0123456789abcdef0123456789abcdef01234567"
REGION = "us-east-1"


def step(op, kind, name, old=None, new=None, diffs=()):
    urn = f"urn:pulumi:prod::org::{kind}::{name}"
    states = {"old": old, "new": new}
    told = {key: {"type": kind, "inputs": props} for key, props in states.items() if props}
    return {
        "resourcePreEvent": {
            "metadata": {"op": op, "urn": urn, "type": kind, "diffs": list(diffs), **told}
        }
    }


def summary(**counts):
    return {"summaryEvent": {"resourceChanges": counts}}


def markdown(*events, unsaved=()):
    return REPORT.Report.of(events).markdown("prod", COMMIT, unsaved)


PLACE = {"preludeEvent": {"config": {"aws:region": REGION}}}


def test_what_is_replaced_or_deleted_comes_before_all_other_changes() -> None:
    size = {"size": 20}
    said = markdown(
        PLACE,
        step("create", "aws:s3/bucket:Bucket", "new", new={"x": 1}),
        step("create-replacement", VOLUME, "data", size, size, ["availabilityZone"]),
        step("replace", VOLUME, "data", size, size, ["availabilityZone"]),
        step("delete-replaced", VOLUME, "data", size, size),
        step("update", INSTANCE, "server", diffs=["tags"]),
        step("delete", VOLUME, "old", size),
        step("same", VOLUME, "kept", size, size),
        step("create", "pulumi:pulumi:Stack", "org-prod", new={"x": 1}),
        summary(create=1, replace=1, update=1, delete=1, same=2),
    )
    title, *lines = [line for line in said.splitlines() if line.startswith(("#", "- ", "**"))]
    assert title == ("### prod: 1 to replace, 1 to delete, 1 to update, 1 to create, 2 unchanged")
    assert lines == [
        "**Replaced or deleted**",
        "- replace `data` (Volume): availabilityZone",
        "- delete `old` (Volume)",
        "- update `server` (Instance): tags",
        "- create `new` (Bucket)",
    ]
    assert "Commit 0123456789ab." in said


def test_what_it_costs_is_said_with_what_it_cost_before() -> None:
    disk = {"rootBlockDevice": {"volumeSize": 30}}
    old, new = ({"instanceType": each, **disk} for each in ("t3.medium", "t3.large"))
    said = markdown(
        PLACE,
        step("update", INSTANCE, "server", old, new),
        step("replace", VOLUME, "data", {"size": 20}, {"size": 40}),
        step("create-replacement", VOLUME, "data", {"size": 20}, {"size": 40}),
        step("delete", VOLUME, "old", {"size": 10}),
    )

    def price(kind, gib):
        return in_dollars(hourly_price(kind, REGION) * HOURS_PER_MONTH + gib * gp3_price(REGION))

    before, after = price("t3.medium", 60), price("t3.large", 70)
    assert f"Servers, volumes and network: {after} a month, {before} before (list price of " in said


def test_the_way_to_the_internet_is_in_what_it_costs() -> None:
    unknown = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
    said = markdown(
        PLACE,
        step("create", "aws:ec2/natGateway:NatGateway", "nat", new={"subnetId": unknown}),
        step("create", "aws:ec2/eip:Eip", "nat-address", new={"domain": "vpc"}),
        step("create", "aws:lb/loadBalancer:LoadBalancer", "one", new={"subnets": unknown}),
        step("create", "aws:lb/loadBalancer:LoadBalancer", "two", new={"subnets": unknown}),
    )
    price = in_dollars((0.045 + 0.005 + 2 * (0.0225 + 2 * 0.005)) * HOURS_PER_MONTH)
    assert f"Servers, volumes and network: {price} a month, $0.00 before" in said


def test_what_nobody_knows_the_price_of_is_not_guessed() -> None:
    new = {"instanceType": "z99.huge"}
    said = markdown(PLACE, step("create", INSTANCE, "server", new=new))
    assert "Servers, volumes and network: unknown a month, $0.00 before" in said
    assert "region unknown" in markdown(step("create", INSTANCE, "server", new=new))


def test_a_size_that_is_not_known_yet_has_no_price() -> None:
    unknown = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
    said = markdown(PLACE, step("create", VOLUME, "data", new={"size": unknown}))
    assert "Servers, volumes and network: unknown a month" in said


def test_rules_and_errors_are_told_before_the_changes() -> None:
    broken = {
        "policyName": "ssh-is-closed",
        "enforcementLevel": "mandatory",
        "message": "access opens port 22 | to everyone.\nName the addresses.",
    }
    said = markdown(
        step("delete", VOLUME, "old", {"size": 10}),
        {"policyEvent": broken},
        {"diagnosticEvent": {"severity": "error", "message": "It failed.\n"}},
        {"diagnosticEvent": {"severity": "error", "message": "preview failed"}},
        {"diagnosticEvent": {"severity": "debug", "message": "nothing"}},
    )
    row = (
        "| ssh-is-closed | mandatory | access opens port 22 \\| to everyone. Name the addresses. |"
    )
    places = [said.index(text) for text in (row, "It failed.", "**Replaced or deleted**")]
    assert places == sorted(places)
    assert "nothing" not in said
    assert "preview failed" not in said
    assert said.startswith("### prod: no preview")


def test_data_without_a_snapshot_is_told_above_all() -> None:
    said = markdown(
        step("delete", VOLUME, "old", {"size": 10}), unsaved=["old (vol-1) has none.\nTwo."]
    )
    _, heading, told, *_ = said.split("\n\n")
    assert (heading, told) == ("**Data without a snapshot**", "- old (vol-1) has none. Two.")
    assert "Data without a snapshot" not in markdown(step("delete", VOLUME, "old", {"size": 10}))


def test_a_comment_is_never_longer_than_github_takes() -> None:
    many = [step("create", VOLUME, f"{'x' * 200}-{n}", new={"size": 1}) for n in range(300)]
    said = markdown(*many)
    assert "- and 200 more" in said
    assert len(said) < 65_000
