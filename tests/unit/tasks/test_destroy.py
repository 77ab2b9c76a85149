"""What a destroy keeps, and what it deletes, is told before it begins."""

from datetime import UTC
from datetime import datetime
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError
from invoke.context import Context
from invoke.exceptions import Exit

from workbench.engine import stacks
from workbench.engine.state import Resource
from workbench.engine.state import State
from workbench.rehearsal import names
from workbench.remote import power
from workbench.remote import stack_state
from workbench.remote.data_volumes import Snapshot
from workbench.remote.sessions import Activity
from workbench.remote.stack_state import StackState
from workbench.tasks.changes import working_people
from workbench.tasks.data import what_stays
from workbench.tasks.data.what_stays import keeps
from workbench.tasks.destroy.tasks import destroy
from workbench.tasks.unfinished.unused_volume import Unused

VOLUME = {"type": "aws:ebs/volume:Volume", "id": "vol-1"}
INSTANCE = {"type": "aws:ec2/instance:Instance", "id": "i-1"}
VAULT = {"type": "aws:backup/vault:Vault", "id": "lab"}
NOW = datetime(2026, 11, 21, 5, tzinfo=UTC)


class Stack:
    """A stack with a server and a volume; what is done to it is written down."""

    def __init__(self) -> None:
        self.volume: dict[str, Any] = {**VOLUME, "retainOnDelete": True}
        self.vaults: list[dict[str, Any]] = []
        self.made_by: list[str] = []
        self.server = "running"
        self.done: list[str] = []

    @property
    def name(self) -> str:
        return "prod"

    def export(self) -> dict[str, Any]:
        return {"resources": [INSTANCE, self.volume, *self.vaults]}

    def refresh(self) -> None:
        self.done.append("refresh")

    def destroy(self) -> None:
        self.done.append("destroy")


@pytest.fixture
def stack(monkeypatch: pytest.MonkeyPatch) -> Stack:
    made = Stack()
    outputs = {"data_volume_id": "vol-1", "instance_id": "i-1", "region": "eu-west-1"}
    state = StackState("prod", outputs, {"aws:profile": "the team"})
    state.__dict__["aws"] = lambda service: None
    monkeypatch.setattr(stacks, "open_stack", lambda *_: made)
    monkeypatch.setattr(stack_state, "read_each", lambda *_: [state])
    monkeypatch.setattr(what_stays, "snapshots_where", lambda *_: map(_snapshot, made.made_by))
    monkeypatch.setattr(power.PowerWatch, "_state", lambda _: made.server)
    kernel = Activity.of_json({"user": "bob", "kind": "kernel", "count": 1, "names": ["python"]})
    monkeypatch.setattr(working_people, "read_activities", lambda _: [kernel])
    state.__dict__["server"] = None
    monkeypatch.setattr(StackState, "close", lambda _: None)
    return made


def test_who_works_on_the_server_is_told_before(
    stack: Stack, capsys: pytest.CaptureFixture[str]
) -> None:
    destroy(Context(), stack="prod", dry_run=True)
    planned = capsys.readouterr().out
    assert "These end:\n  bob" in planned

    stack.server = "stopped"
    destroy(Context(), stack="prod", dry_run=True)
    assert "bob" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("config", "advice"),
    [
        (
            {},
            "Remove protect from the program's options, if it is there, then: workbench up"
            " --stack prod",
        ),
        (
            {"workbench:protectInstance": "true"},
            "pulumi config set workbench:protectInstance false --stack prod,"
            " then: workbench up --stack prod",
        ),
    ],
)
def test_what_is_protected_is_refused_before_the_rest_goes(
    stack: Stack, config: dict[str, str], advice: str
) -> None:
    stack_state.read_each("prod", None)[0].config = config  # type: ignore[arg-type]
    urn = "urn:pulumi:prod::lab::workbench:index:Server$aws:ec2/instance:Instance::lab-instance"
    group = {
        "type": "aws:ec2/securityGroup:SecurityGroup",
        "urn": urn.replace("lab-instance", "lab-group"),
    }
    kept = {"protect": True, "custom": True}
    parts = [group | kept, {**INSTANCE, "urn": urn, **kept}, {"type": "component", "protect": True}]
    stack.export = lambda: {"resources": parts}  # type: ignore[method-assign]
    with pytest.raises(Exit) as refused:
        destroy(Context(), stack="prod", yes=True)
    assert refused.value.message == (
        "The stack prod is protected (Instance lab-instance and 1 more), so nothing was removed."
        f"\n  {advice}"
    )
    assert stack.done == []


def test_after_a_restore_the_advice_lets_go_of_the_snapshot_first(
    stack: Stack, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    state = stack_state.read_each("prod", None)[0]  # type: ignore[arg-type]
    state.config = {"workbench:dataSnapshotId": "snap-1"}
    destroy(Context(), stack="prod", yes=True)
    let_go, use = "rm workbench:dataSnapshotId --stack prod", "set workbench:dataVolumeId vol-1"
    assert f"  pulumi config {let_go}\n  pulumi config {use}" in capsys.readouterr().out


def _snapshot(by: str) -> Snapshot:
    return Snapshot("snap-1", "vol-1", 20, "completed", 100, NOW, "", by)


def test_a_volume_that_is_kept_is_told_with_how_to_use_it_again(
    stack: Stack, capsys: pytest.CaptureFixture[str]
) -> None:
    destroy(Context(), stack="prod", yes=True)

    said = capsys.readouterr().out
    assert stack.done == ["destroy"]
    assert "The data volume vol-1 is kept." in said
    assert "  pulumi config set workbench:dataVolumeId vol-1 --stack prod\n" in said
    delete = "aws ec2 delete-volume --region eu-west-1 --profile 'the team' --volume-id vol-1\n"
    assert delete in said


def test_a_volume_that_goes_is_told_before_and_not_called_kept(
    stack: Stack, capsys: pytest.CaptureFixture[str]
) -> None:
    stack.volume = VOLUME
    destroy(Context(), stack="prod", dry_run=True)
    planned = capsys.readouterr().out
    destroy(Context(), stack="prod", yes=True)
    said = capsys.readouterr().out

    assert "and DELETES the data volume vol-1, with all home folders" in planned
    assert "workbench:keepDataVolume true --stack prod" in planned
    assert stack.done == ["destroy"]
    assert "kept" not in said.lower()


@pytest.mark.parametrize(
    ("resources", "kept"),
    [
        ([VOLUME], False),
        ([{**VOLUME, "retainOnDelete": True}], True),
        # Another stack's volume, which this one only reads; and one it knows nothing of.
        ([{**VOLUME, "external": True}], True),
        ([INSTANCE], True),
        (None, True),
    ],
)
def test_what_is_kept_is_what_the_engine_will_keep(resources: Any, kept: bool) -> None:
    assert keeps({"resources": resources}, "vol-1") is kept


def test_the_snapshots_that_stay_are_told_with_how_long(
    stack: Stack, capsys: pytest.CaptureFixture[str]
) -> None:
    stack.made_by = ["data.backup", "a person", "AWS Backup"]
    stack.vaults = [{**VAULT, "retainOnDelete": True}]
    destroy(Context(), stack="prod", yes=True)

    said = capsys.readouterr().out
    assert "stay until you delete them: 2.\n" in said
    options = "--region eu-west-1 --profile 'the team' --owner-ids self"
    look = f"describe-snapshots {options} --filters Name=volume-id,Values=vol-1\n"
    assert said.endswith(f"are left:\n  aws ec2 {look}")
    assert "vault and role stay; its snapshots until they expire: 1." in said


def test_aws_is_not_asked_for_snapshots_where_there_are_none(
    stack: Stack, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    destroy(Context(), stack="prod", yes=True)
    stack.made_by = ["a person"]
    monkeypatch.setattr(names, "rehearsal_of", lambda _: "lab")
    destroy(Context(), stack="prod", yes=True)

    assert "describe-snapshots" not in capsys.readouterr().out


def test_snapshots_that_go_with_their_vault_are_not_called_kept(
    stack: Stack, capsys: pytest.CaptureFixture[str]
) -> None:
    stack.made_by, stack.vaults = ["AWS Backup"], [VAULT]
    destroy(Context(), stack="prod", dry_run=True)

    assert "of it are DELETED with their vault: 1." in capsys.readouterr().out


def test_snapshots_that_nobody_can_count_hinder_no_destroy(
    stack: Stack, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: Any) -> None:
        raise EndpointConnectionError(endpoint_url="https://ec2.example")

    monkeypatch.setattr(what_stays, "snapshots_where", fail)
    destroy(Context(), stack="prod", yes=True)

    assert stack.done == ["destroy"]
    assert "can't tell how many: Could not connect" in capsys.readouterr().out


def test_a_server_that_was_terminated_by_hand_is_looked_at_first(stack: Stack) -> None:
    stack.server = "terminated"
    destroy(Context(), stack="prod", yes=True)

    assert stack.done == ["refresh", "destroy"]


@pytest.mark.parametrize("is_unused", [True, False])
def test_what_a_first_up_left_is_named_and_an_unused_volume_goes_too(
    stack: Stack,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    is_unused: bool,
) -> None:
    from workbench.remote import unknown as recovery
    from workbench.tasks.unfinished import unused_volume

    state = stack_state.read_each("prod", None)[0]  # type: ignore[arg-type]
    state.outputs = {}
    there = State((Resource("aws:ebs/volume:Volume", "lab-storage-volume", "vol-1"),))
    monkeypatch.setattr(stack, "state", lambda: there, raising=False)
    monkeypatch.setattr(recovery, "refuse_unknown", lambda *_: None)
    found = Unused("urn", "vol-1", "us-east-1a") if is_unused else None
    monkeypatch.setattr(unused_volume, "find_unused", lambda *_: found)
    deleted: list[Unused] = []
    monkeypatch.setattr(unused_volume, "delete_unused", lambda _, each, __: deleted.append(each))
    destroy(Context(), stack="prod", yes=True)

    said = capsys.readouterr().out
    assert "What exists: the data volume vol-1." in said
    assert stack.done == ["destroy"]
    assert deleted == ([found] if found else [])
    assert ("data volume vol-1, which no server ever had" in said) is is_unused
    assert ("Kept: the data volume vol-1" in said) is not is_unused


@pytest.fixture
def two(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> Stack:
    """Give a stack with two workbenches; the volume of the second goes with it."""
    told = {
        name: {"data_volume_id": f"vol-{n}", "instance_id": f"i-{n}", "region": "eu-west-1"}
        for n, name in enumerate(("one", "two"), 1)
    }
    states = [
        StackState("prod", mine, workbench=name, others={k: told[k] for k in told if k != name})
        for name, mine in told.items()
    ]
    for state in states:
        state.__dict__["aws"] = lambda service: None
        state.__dict__["server"] = None
    second = {**VOLUME, "id": "vol-2"}
    resources = [INSTANCE, stack.volume, {**INSTANCE, "id": "i-2"}, second]
    monkeypatch.setattr(stack, "export", lambda: {"resources": resources})
    monkeypatch.setattr(stack_state, "read_each", lambda *_: states)
    return stack


def test_of_two_workbenches_each_volume_is_told(
    two: Stack, capsys: pytest.CaptureFixture[str]
) -> None:
    destroy(Context(), stack="prod", dry_run=True)
    planned = capsys.readouterr().out
    assert "This removes the workbenches one, two of the stack prod and DELETES the data" in planned
    assert (
        "volume vol-2, with all home folders. The data volume vol-1 is kept. To keep it" in planned
    )
    assert "keep_data_volume=True   in the program" in planned
    assert planned.count("These end:") == 2
    assert two.done == []


def test_of_two_workbenches_the_volume_that_is_kept_is_told_at_the_end(
    two: Stack, capsys: pytest.CaptureFixture[str]
) -> None:
    two.made_by = ["a person"]
    two.server = "terminated"
    destroy(Context(), stack="prod", yes=True)
    _, _, said = capsys.readouterr().out.partition("The stack prod is empty.\n")
    assert two.done == ["refresh", "destroy"]
    assert 'data_volume_id="vol-1"   in the program, for one\n' in said
    assert "Kept: the data volume vol-2" not in said
    assert "pulumi config set" not in said
    assert said.count("To see which snapshots of vol-") == 2


def test_of_two_unfinished_workbenches_no_volume_is_forgotten(
    two: Stack, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from workbench.remote import unknown as recovery

    there = State((Resource("aws:ebs/volume:Volume", "one-storage-volume", "vol-1"),))
    monkeypatch.setattr(two, "state", lambda: there, raising=False)
    monkeypatch.setattr(recovery, "refuse_unknown", lambda *_: None)
    empty = StackState("prod")
    empty.__dict__["aws"] = lambda service: None
    monkeypatch.setattr(stack_state, "read_each", lambda *_: [empty])
    destroy(Context(), stack="prod", dry_run=True)
    planned = capsys.readouterr().out
    assert "DELETES the data volume vol-2" in planned
    assert "The data volume vol-1 is kept." in planned


def test_a_workbench_that_is_not_exported_is_told_by_its_volume(
    stack: Stack, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    parents = "workbench:index:Workbench$workbench:index:Storage$aws:ebs/volume:Volume"
    hidden = {**VOLUME, "id": "vol-2", "urn": f"urn:pulumi:prod::lab::{parents}::two"}
    scratch = {**VOLUME, "id": "vol-3", "urn": "urn:pulumi:prod::lab::aws:ebs/volume:Volume::mine"}
    resources = [INSTANCE, stack.volume, hidden, scratch]
    monkeypatch.setattr(stack, "export", lambda: {"resources": resources})
    destroy(Context(), stack="prod", dry_run=True)
    planned = capsys.readouterr().out
    assert (
        "DELETES the data volume vol-2, with all home folders. The data volume vol-1 is" in planned
    )
    assert "vol-3" not in planned
