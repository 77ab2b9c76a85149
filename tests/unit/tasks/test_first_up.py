"""A first up that AWS refuses: the cause, what would do, what exists, and what goes with it."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from workbench.engine import stacks
from workbench.engine.failures import StackOperationError
from workbench.engine.state import Resource
from workbench.engine.state import parse_state
from workbench.errors import WorkbenchError
from workbench.progress import Progress
from workbench.remote.stack_state import StackState
from workbench.tasks.status.read import read_status
from workbench.tasks.unfinished import unused_volume
from workbench.tasks.unfinished.existing import tell_existing
from workbench.tasks.unfinished.existing import zone_in
from workbench.tasks.unfinished.refusals import explain_refusal
from workbench.tasks.unfinished.unused_volume import NOTE
from workbench.tasks.unfinished.unused_volume import Note
from workbench.tasks.unfinished.unused_volume import Unused
from workbench.tasks.unfinished.unused_volume import find_unused
from workbench.tasks.unfinished.unused_volume import look_for_unused
from workbench.tasks.unfinished.unused_volume import move_unused
from workbench.tasks.unfinished.unused_volume import noting_unused

QUIET = Progress(quiet=True)
VOLUME = Resource("aws:ebs/volume:Volume", "lab-storage-volume", "vol-1")
ADDRESS = Resource("aws:ec2/eip:Eip", "lab-address-elastic-ip", "eipalloc-1")
THERE = (VOLUME, ADDRESS, Resource("aws:ec2/vpc:Vpc", "lab-network-vpc", "vpc-1"))
RUN = "Instance lab-server-instance: creating EC2 Instance: operation error EC2: RunInstances, "
NO_CAPACITY = (
    f"{RUN}api error InsufficientInstanceCapacity: We currently do not have sufficient m5.xlarge"
    " capacity in the Availability Zone you requested (us-east-1a)."
)
CHOOSING = " You can currently get m5.xlarge capacity by choosing us-east-1d, us-east-1f."


class Aws:
    """An EC2 that offers types by zone, and has one volume."""

    def __init__(self) -> None:
        self.offers = [("t3.medium", "us-east-1a"), ("t3.large", "us-east-1a")]
        self.offers += [("m5.xlarge", zone) for zone in ("us-east-1a", "us-east-1b", "us-east-1c")]
        self.volume: dict[str, Any] = {
            "VolumeId": "vol-1",
            "Size": 20,
            "State": "available",
            "AvailabilityZone": "us-east-1a",
            "CreateTime": None,
        }
        self.snapshots: list[dict[str, Any]] = []
        self.deleted: list[str] = []

    def describe_instance_type_offerings(self, **wanted: Any) -> Any:
        filters = {each["Name"]: each["Values"] for each in wanted["Filters"]}
        found = [
            {"InstanceType": name, "Location": zone}
            for name, zone in self.offers
            if name in filters["instance-type"] and zone in filters.get("location", [zone])
        ]
        return {"InstanceTypeOfferings": found}

    def describe_availability_zones(self, **_: Any) -> Any:
        return {"AvailabilityZones": [{"ZoneName": f"us-east-1{each}"} for each in "abdf"]}

    def describe_subnets(self, **_: Any) -> Any:
        return {"Subnets": [{"AvailabilityZone": "us-east-1f"}]}

    def get_paginator(self, name: str) -> Any:
        pages = {
            "describe_volumes": {"Volumes": [self.volume]},
            "describe_snapshots": {"Snapshots": self.snapshots},
        }
        return SimpleNamespace(paginate=lambda **_: [pages[name]])

    def delete_volume(self, VolumeId: str) -> None:
        self.deleted.append(VolumeId)


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Aws:
    made = Aws()
    monkeypatch.setattr(StackState, "aws", lambda *_: made)
    return made


def explained(
    said: str, *, stack: str = "prod", outputs: Any = (), there: Any = THERE, **config: str
) -> WorkbenchError:
    known = {"aws:region": "us-east-1"} | {f"workbench:{k}": v for k, v in config.items()}
    state = StackState(stack, dict(outputs), known)
    return explain_refusal(StackOperationError(said, "Details: LOG"), state, there, "us-east-1a")


def test_no_capacity_names_the_zones_and_types_that_would_do(aws: Aws) -> None:
    error = explained(NO_CAPACITY)
    assert "AWS has no m5.xlarge free in us-east-1a at the moment" in error.message
    assert "the data volume vol-1, the Elastic IP eipalloc-1, 1 object" in error.message
    zones, types, again, remove = error.hint.splitlines()
    # c is no zone of this account's.
    assert zones.startswith("workbench init --stack prod --availability-zone us-east-1b ")
    assert "(us-east-1b);" in zones
    assert "workbench init --stack prod --instance-type t3.medium " in types
    assert "(t3.medium, t3.large)" in types
    assert again.strip().startswith("workbench up --stack prod   later")
    assert remove.strip().startswith("workbench destroy --stack prod ")


def test_the_zones_that_aws_itself_names_come_first(aws: Aws) -> None:
    hint = explained(NO_CAPACITY + CHOOSING).hint
    assert "--availability-zone us-east-1d   or another zone (us-east-1d, us-east-1f)" in hint


def test_a_rehearsal_has_no_init(aws: Aws) -> None:
    hint = explained(NO_CAPACITY, stack="rehearsal-x").hint
    assert "pulumi config set workbench:availabilityZone us-east-1b --stack rehearsal-x" in hint


@pytest.mark.parametrize(
    "known", [{"outputs": {"instance_id": "i-1"}}, {"dataVolumeId": "vol-kept"}]
)
def test_where_people_have_data_no_other_zone_is_named(aws: Aws, known: Any) -> None:
    error = explained(NO_CAPACITY, **known)
    assert "availability" not in error.hint
    assert "--instance-type t3.medium" in error.hint


def test_a_subnet_of_ones_own_decides_the_zone(aws: Aws) -> None:
    hint = explained(NO_CAPACITY, subnetId="subnet-1").hint
    assert "pulumi config set workbench:subnetId SUBNET" in hint
    assert "availability-zone" not in hint


def test_a_type_that_the_zone_does_not_have_is_told(aws: Aws) -> None:
    said = (
        f"{RUN}api error Unsupported: Your requested instance type (m5.xlarge) is not supported in"
        " your requested Availability Zone (us-east-1e). Please retry your request by not"
        " specifying an Availability Zone or choosing us-east-1a, us-east-1b."
    )
    error = explained(said)
    assert "AWS doesn't offer m5.xlarge in us-east-1e." in error.message
    assert "--availability-zone us-east-1a   or another zone (us-east-1a, us-east-1b)" in error.hint


@pytest.mark.parametrize(
    ("answer", "sentence", "hint"),
    [
        ("VcpuLimitExceeded: You have requested more", "quota of vCPUs", "L-1216C47A"),
        ("AddressLimitExceeded: The maximum", "its limit of Elastic IPs", "L-0263D0A3"),
        ("AddressLimitExceeded: The maximum", "its limit of Elastic IPs", "release-address"),
        ("VpcLimitExceeded: The maximum", "its limit of VPCs", "workbench:subnetId SUBNET"),
        ("InternetGatewayLimitExceeded: The max", "internet gateways", "L-A4707A72"),
        ("VolumeLimitExceeded: You have", "(VolumeLimitExceeded)", "list-service-quotas"),
        ("api error AccessDenied: Access Denied", "AccessDenied: Access Denied", "init --rights"),
        ("TooManyBuckets: You have", "(TooManyBuckets)", "list-service-quotas"),
        ("PendingVerification: Your", "still verifying the account", "workbench up"),
        ("OptInRequired: You are not", "isn't activated yet", "billing/signup"),
        ("Blocked: This account is", "has blocked the account", "support"),
        (
            "UnauthorizedOperation: You are not authorized to perform this operation. User:"
            " arn:aws:iam::1:user/ada is not authorized to perform: ec2:RunInstances on resource",
            "doesn't allow ec2:RunInstances to arn:aws:iam::1:user/ada.",
            "for the right ec2:RunInstances",
        ),
        (
            "AccessDenied: User: arn:aws:iam::1:user/ada is not authorized to perform:"
            " iam:CreateRole on resource: x with an explicit deny in a service control policy",
            "iam:CreateRole to arn:aws:iam::1:user/ada, by an explicit deny, such as of your",
            "get-caller-identity",
        ),
    ],
)
def test_a_quota_or_a_right_is_told_with_what_to_type(
    aws: Aws, answer: str, sentence: str, hint: str
) -> None:
    error = explained(f"{RUN}api error {answer}")
    assert sentence in error.message
    assert "What exists: the data volume vol-1" in error.message
    assert hint in error.hint
    assert "workbench destroy --stack prod" in error.hint


def test_a_stopped_server_is_started_before_a_load_balancer_has_it(aws: Aws) -> None:
    said = (
        f"{RUN}api error InvalidTarget: The following targets are not in a running state and cannot"
        " be registered: 'i-1'"
    )
    error = explained(said, outputs={"instance_id": "i-1"})
    assert error.message.startswith("The server is stopped, and AWS only puts running ones")
    assert error.hint.startswith("workbench start --stack prod   starts it; then workbench up")


@pytest.mark.parametrize("code", ["RequestLimitExceeded", "TooManyRequestsException"])
def test_asking_too_often_is_no_quota(aws: Aws, code: str) -> None:
    assert explained(f"{RUN}api error {code}: slow down").message.startswith(
        f"{RUN}api error {code}"
    )


def test_what_is_not_known_here_stays_the_engines_word(aws: Aws) -> None:
    error = explained("Something else.", there=())
    assert (error.message, error.hint) == ("Something else.", "Details: LOG")
    assert explained("Something else.").message.startswith("Something else. What exists: ")


def test_what_costs_is_told_by_its_id() -> None:
    assert tell_existing(THERE) == (
        "What exists: the data volume vol-1, the Elastic IP eipalloc-1, 1 object that costs next to"
        " nothing (Vpc)."
    )


STORAGE = "workbench:index:Workbench$workbench:index:Storage$aws:ebs/volume:Volume"
URN = f"urn:pulumi:prod::lab::{STORAGE}::lab-storage-volume"


def deployment(*others: dict[str, Any], **volume: Any) -> dict[str, Any]:
    made = {
        "urn": URN,
        "type": "aws:ebs/volume:Volume",
        "custom": True,
        "id": "vol-1",
        "inputs": {"size": 20},
        "outputs": {"availabilityZone": "us-east-1a"},
    }
    return {"manifest": {"time": "08:00"}, "resources": [made | volume, *others]}


@pytest.fixture
def noted() -> None:
    """Have it noted that no server had the volume, when the state was written at eight."""
    NOTE.write(StackState("prod"), Note("vol-1", "08:00"))


ATTACHMENT = {
    "urn": "urn:pulumi:prod::lab::aws:ec2/volumeAttachment:VolumeAttachment::lab-data",
    "type": "aws:ec2/volumeAttachment:VolumeAttachment",
    "inputs": {"volumeId": "vol-1"},
}


@pytest.mark.usefixtures("noted")
def test_a_volume_that_no_server_had_is_known_by_note_and_aws(aws: Aws) -> None:
    found = find_unused(StackState("prod"), deployment())
    assert found is not None
    assert (found.urn, found.id, found.zone) == (URN, "vol-1", "us-east-1a")
    assert zone_in(deployment()) == "us-east-1a"


@pytest.mark.parametrize(
    ("state", "of_deployment"),
    [
        # An up was complete once: whatever is in the state now, people had the volume.
        (StackState("prod", {"region": "us-east-1"}), deployment()),
        # Something wrote the state after the note was made.
        (StackState("prod"), deployment() | {"manifest": {"time": "09:00"}}),
        (StackState("prod"), deployment(id="vol-2")),
        (StackState("prod"), deployment(external=True)),
        (StackState("prod"), deployment(importID="vol-1")),
        # A stack of its own for the storage: its server is another stack's.
        (StackState("prod"), deployment(urn=URN.replace("workbench:index:Workbench$", ""))),
        (StackState("prod"), {"resources": None}),
    ],
)
@pytest.mark.usefixtures("noted")
def test_a_volume_that_a_server_may_have_had_is_never_taken_for_unused(
    aws: Aws, state: StackState, of_deployment: dict[str, Any]
) -> None:
    assert find_unused(state, of_deployment) is None


@pytest.mark.parametrize(
    ("volume", "snapshots"),
    [
        ({"State": "in-use"}, []),
        ({"SnapshotId": "snap-gone"}, []),
        ({}, [{"SnapshotId": "snap-1", "VolumeId": "vol-1", "VolumeSize": 20}]),
    ],
)
@pytest.mark.usefixtures("noted")
def test_aws_has_the_last_word_on_what_is_unused(
    aws: Aws, volume: dict[str, Any], snapshots: list[dict[str, Any]]
) -> None:
    aws.volume |= volume
    aws.snapshots = [each | {"State": "completed", "StartTime": None} for each in snapshots]
    assert find_unused(StackState("prod"), deployment()) is None


class Opened:
    """A stack whose first up failed."""

    name = "prod"

    def __init__(self) -> None:
        self.gone: list[str] = []

    def state(self) -> Any:
        return parse_state(deployment())

    def outputs(self) -> dict[str, Any]:
        return {}

    def export(self) -> dict[str, Any]:
        return deployment()

    def let_go(self, urn: str) -> None:
        self.gone.append(urn)


@pytest.mark.usefixtures("noted")
@pytest.mark.parametrize(
    ("config", "is_moved"),
    [
        ({}, False),
        ({"workbench:availabilityZone": "us-east-1a"}, False),
        ({"workbench:availabilityZone": "us-east-1b"}, True),
        ({"workbench:subnetId": "subnet-1"}, True),
    ],
)
def test_it_makes_room_for_one_in_the_zone_that_is_wanted(
    aws: Aws, monkeypatch: pytest.MonkeyPatch, config: dict[str, str], is_moved: bool
) -> None:
    monkeypatch.setattr(unused_volume, "read_each", lambda *_: [StackState("prod", {}, config)])
    opened, told = Opened(), list[str]()
    unused = look_for_unused(opened, QUIET)  # type: ignore[arg-type]
    move_unused(opened, unused, QUIET, lambda plan: told.append(plan) is None)  # type: ignore[arg-type]
    assert opened.gone == [URN] * is_moved
    assert aws.deleted == ["vol-1"] * is_moved
    assert [plan.startswith("The data volume vol-1 in us-east-1a is") for plan in told] == (
        [True] * is_moved
    )


@pytest.mark.usefixtures("noted")
def test_without_a_yes_it_stays(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    config = {"workbench:availabilityZone": "us-east-1b"}
    monkeypatch.setattr(unused_volume, "read_each", lambda *_: [StackState("prod", {}, config)])
    opened = Opened()
    unused = look_for_unused(opened, QUIET)  # type: ignore[arg-type]
    with pytest.raises(WorkbenchError, match=r"^Nothing was changed\.$"):
        move_unused(opened, unused, QUIET, lambda _: False)  # type: ignore[arg-type]
    assert (opened.gone, aws.deleted) == ([], [])


class Failing(Opened):
    """A stack of which an up fails; before and after it there is this."""

    def __init__(self, before: dict[str, Any], after: dict[str, Any]) -> None:
        super().__init__()
        self.now, self.after = before, after

    def state(self) -> Any:
        return parse_state(self.now)

    def export(self) -> dict[str, Any]:
        return self.now

    def fail(self) -> None:
        self.now = self.after
        raise WorkbenchError("AWS refuses it.")


NOTHING: dict[str, Any] = {"resources": []}
PENDING = {"pending_operations": [{"type": "creating", "resource": ATTACHMENT}]}
UNUSED = Unused(URN, "vol-1", "us-east-1a")


@pytest.mark.parametrize(
    ("before", "unused", "after", "is_noted"),
    [
        (NOTHING, None, deployment(), True),
        (deployment(), UNUSED, deployment(), True),
        # Whose it was before this up isn't known.
        (deployment(), None, deployment(), False),
        (NOTHING, None, deployment(ATTACHMENT | {"custom": True}), False),
        (NOTHING, None, deployment() | PENDING, False),
        (NOTHING, None, NOTHING, False),
    ],
)
def test_it_is_noted_only_where_it_is_certain(
    aws: Aws,
    monkeypatch: pytest.MonkeyPatch,
    before: dict[str, Any],
    unused: Unused | None,
    after: dict[str, Any],
    is_noted: bool,
) -> None:
    monkeypatch.setattr(unused_volume, "read_each", lambda *_: [StackState("prod")])
    opened = Failing(before, after)
    with (
        pytest.raises(WorkbenchError, match="AWS refuses it"),
        noting_unused(opened, unused, QUIET),  # type: ignore[arg-type]
    ):
        opened.fail()
    expected = Note("vol-1", "08:00") if is_noted else None
    assert NOTE.read(StackState("prod")) == expected


def test_status_tells_what_exists_without_outputs(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(stacks, "open_stack", lambda *_: Opened())
    monkeypatch.setattr("workbench.tasks.unfinished.existing.find_project", lambda: tmp_path)
    found = read_status(StackState("prod"))
    assert found["state"] == "unfinished"
    first, goes_on, removes = found["problem"].splitlines()
    assert "hasn't finished. What exists: the data volume vol-1." in first
    assert goes_on.startswith("workbench up --stack prod ")
    assert removes.startswith("workbench destroy --stack prod ")
