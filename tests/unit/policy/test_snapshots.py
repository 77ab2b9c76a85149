"""A data volume goes only after a fresh snapshot of it; what AWS doesn't say is no yes."""

from datetime import UTC
from datetime import datetime
from datetime import timedelta

import boto3
import pytest
from botocore.stub import Stubber

from workbench.policy import snapshots
from workbench.policy import unsaved_volumes
from workbench.policy.costs import INSTANCE
from workbench.policy.costs import VOLUME

CONFIG = {"aws:region": "us-east-1", "aws:accessKey": "[secret]"}
ASKED = {"OwnerIds": ["self"], "Filters": [{"Name": "volume-id", "Values": ["vol-1"]}]}


@pytest.fixture
def ec2(monkeypatch):
    """Give EC2 as it answers, and refuses what it isn't expected to be asked."""
    made = boto3.client(
        "ec2", region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b"
    )

    def client(config, service):
        assert (dict(config), service) == ({"aws:region": "us-east-1"}, "ec2")
        return made

    monkeypatch.setattr(snapshots, "client", client)
    with Stubber(made) as stub:
        yield stub
        stub.assert_no_pending_responses()


def has(stub, *found):
    answer = [
        {"SnapshotId": "snap-1", "State": state, "StartTime": datetime.now(UTC) - age}
        for state, age in found
    ]
    stub.add_response("describe_snapshots", {"Snapshots": answer}, ASKED)


def step(op, kind=VOLUME, old="vol-1"):
    urn = f"urn:pulumi:dev::org::{kind}::data"
    return {"op": op, "urn": urn, "type": kind, **({"old": {"id": old}} if old else {})}


def unsaved(*steps):
    return list(unsaved_volumes(steps, CONFIG))


HOURS = [timedelta(hours=each) for each in (0, 23, 25)]


@pytest.mark.parametrize("op", ["replace", "delete", "import-replacement"])
def test_a_volume_without_a_snapshot_stays(ec2, op):
    has(ec2)
    (said,) = unsaved(step(op))
    assert said == (
        "The data volume data (vol-1) would be replaced or deleted, and has no completed snapshot"
        " from the last 24 hours."
    )


def test_a_replacement_in_three_steps_is_asked_for_once(ec2):
    has(ec2)
    steps = [step("create-replacement"), step("replace"), step("delete-replaced")]
    assert len(unsaved(*steps)) == 1


@pytest.mark.parametrize("age", HOURS[:2])
def test_a_volume_with_a_fresh_snapshot_may_go(ec2, age):
    has(ec2, ("completed", HOURS[2]), ("completed", age))
    assert unsaved(step("delete")) == []


@pytest.mark.parametrize("state", ["pending", "error"])
def test_a_snapshot_that_is_not_completed_or_is_old_is_none(ec2, state):
    has(ec2, (state, HOURS[0]), ("completed", HOURS[2]))
    (said,) = unsaved(step("delete"))
    newest = datetime.now(UTC) - HOURS[2]
    assert f"; its newest is from {newest:%Y-%m-%d %H:}" in said


@pytest.mark.parametrize(
    "harmless",
    [
        step("create", old=None),
        step("update"),
        step("same"),
        step("delete", INSTANCE, "i-1"),
        step("delete", "gcp:compute:Volume"),
    ],
)
def test_aws_is_asked_for_nothing_where_no_data_volume_goes(ec2, harmless):
    assert unsaved(harmless) == []


def test_what_aws_refuses_to_say_is_not_taken_for_a_snapshot(ec2):
    ec2.add_client_error("describe_snapshots", "UnauthorizedOperation", "You may not.")
    (said,) = unsaved(step("delete"))
    assert said.startswith("Can't tell whether the data volume data (vol-1) has a snapshot: ")
    assert said.endswith("You may not.")


def test_a_stack_that_assumes_a_role_is_told_why_nobody_knows():
    (said,) = unsaved_volumes([step("delete")], {"aws:assumeRoles": "[]"})
    assert "The stack's configuration has aws:assumeRoles" in said
