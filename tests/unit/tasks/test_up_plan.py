"""What `up` would do is told without doing any of it."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from workbench.engine.changes import Changes
from workbench.engine.failures import StackMissingError
from workbench.engine.state import Resource
from workbench.engine.state import State
from workbench.errors import WorkbenchError
from workbench.progress import Progress
from workbench.remote.instance_types import UnfitTypeError
from workbench.remote.sessions import Activity
from workbench.remote.stack_state import StackState
from workbench.tasks.changes.working_people import People
from workbench.tasks.up import plan as up_plan
from workbench.tasks.up.cost import what_costs

QUIET = Progress(quiet=True)
INSTANCE = Resource("aws:ec2/instance:Instance", "lab-server-instance", changed=("instanceType",))
BIGGER = Changes({"update": 1}, (("update", INSTANCE),))


def test_a_rehearsal_that_does_not_run_is_not_started(state_dir: Path) -> None:
    (line, *_) = up_plan.plan_up("rehearsal-lab", QUIET)
    assert "Start the cloud on this computer (rehearsal 'lab')" in line
    assert not state_dir.exists()


def test_a_stack_on_aws_that_was_never_configured_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def open_stack(*_: Any) -> None:
        raise StackMissingError.named("prod")

    monkeypatch.setattr("workbench.engine.stacks.open_stack", open_stack)
    with pytest.raises(StackMissingError) as missing:
        up_plan.plan_up("prod", QUIET)
    assert missing.value.hint == "workbench init --stack prod"


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        (Changes({"same": 38}), "Pulumi would change nothing."),
        (
            Changes(
                {"update": 1},
                (("update", Resource("Instance", "lab-server-instance", changed=("tags",))),),
            ),
            "lab-server-instance",
        ),
    ],
)
def test_the_changes_are_named(
    monkeypatch: pytest.MonkeyPatch, changes: Changes, told: str
) -> None:
    fake = SimpleNamespace(preview=lambda: changes, state=State, export=dict)
    monkeypatch.setattr("workbench.engine.stacks.open_stack", lambda *_: fake)
    monkeypatch.setattr(up_plan, "read_each", lambda *_: [StackState("prod")])
    assert told in "\n".join(up_plan.plan_up("prod", QUIET))


@pytest.fixture
def power(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """Give the power of a server on which ana works."""
    now = SimpleNamespace(state="running")
    outputs = {"instance_id": "i-1", "region": "eu-west-1"}
    monkeypatch.setattr(up_plan, "read_each", lambda *_: [StackState("prod", outputs)])
    monkeypatch.setattr(StackState, "aws", lambda *_: None)
    monkeypatch.setattr(up_plan, "PowerWatch", lambda *_: now)
    people = People([Activity("ana", "kernel", 1, ("R",))])
    monkeypatch.setattr(up_plan, "see_people", lambda *_: people)
    return now


@pytest.mark.usefixtures("power")
def test_who_works_on_a_server_that_stops_is_told() -> None:
    lines, people = up_plan.look_ahead("prod", BIGGER, dict, QUIET)
    assert lines == [
        "Pulumi would update Instance lab-server-instance.",
        "The server stops for that.",
        "These end:",
        "  ana: 1 Jupyter kernel (R)",
    ]
    assert people.work


def test_nobody_is_asked_of_where_nothing_stops(power: SimpleNamespace) -> None:
    power.state = "stopped"
    assert up_plan.look_ahead("prod", BIGGER, dict, QUIET)[1] == People()
    made = Changes({"create": 1}, (("create", INSTANCE),))
    assert up_plan.look_ahead("prod", made, dict, QUIET)[1] == People()


@pytest.mark.usefixtures("power")
def test_what_is_made_is_priced_by_the_month() -> None:
    made = (
        ("Instance", {"instanceType": "t3.medium", "rootBlockDevice": {"volumeSize": 30}}),
        ("Volume", {"size": 20}),
        ("Eip", {"domain": "vpc"}),
        ("Vpc", {"cidrBlock": "10.0.0.0/16"}),
    )
    steps = tuple(
        ("create", Resource(f"aws:x/y:{kind}", kind.lower(), inputs=inputs))
        for kind, inputs in made
    )
    lines, _ = up_plan.look_ahead("prod", Changes({"create": 4}, steps), dict, QUIET)
    said = " ".join(lines)
    # In Ireland.
    assert "t3.medium $33.29, volumes $4.40, public address $3.65" in said
    assert "Cost per month, always running: $41.34 (" in said
    assert "Prices: workbench's own table of" in said
    assert max(map(len, lines[1:])) <= 78


@pytest.mark.usefixtures("power")
def test_what_only_pulumi_will_know_is_no_bargain() -> None:
    inputs = {"instanceType": "t3.medium", "rootBlockDevice": "an unknown of Pulumi's"}
    steps = (
        ("create", Resource("aws:x/y:Instance", "server", inputs=inputs)),
        ("create", Resource("aws:x/y:Volume", "data", inputs={"snapshotId": "snap-1"})),
    )
    lines, _ = up_plan.look_ahead("prod", Changes({"create": 2}, steps), dict, QUIET)
    said = " ".join(lines)
    assert "always running: unknown" in said
    assert "a volume of unknown size" in said


def test_what_goes_costs_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    volume = Resource("aws:ebs/volume:Volume", "v", inputs={"size": 20})
    changes = Changes({"delete": 1}, (("delete", volume), ("delete-replaced", volume)))
    assert what_costs(changes) == []


class Ec2:
    """An instance of one architecture, and types of two."""

    def describe_instances(self, **_: Any) -> Any:
        instance = {"InstanceId": "i-1", "InstanceType": "t3.medium", "Architecture": "x86_64"}
        return {"Reservations": [{"Instances": [instance]}]}

    def describe_instance_types(self, InstanceTypes: list[str]) -> Any:
        kind = "arm64" if InstanceTypes == ["t4g.medium"] else "x86_64"
        return {"InstanceTypes": [{"ProcessorInfo": {"SupportedArchitectures": [kind]}}]}


@pytest.mark.usefixtures("power")
@pytest.mark.parametrize("op", ["update", "replace"])
def test_another_architecture_is_told_as_a_new_server(
    monkeypatch: pytest.MonkeyPatch, op: str
) -> None:
    config = {"workbench:instanceType": "t4g.medium"}
    state = StackState("prod", {"instance_id": "i-1"}, config)
    monkeypatch.setattr(up_plan, "read_each", lambda *_: [state])
    monkeypatch.setattr(StackState, "aws", lambda *_: Ec2())
    changes = Changes({op: 1}, ((op, INSTANCE),))
    with pytest.raises(UnfitTypeError, match="system is for x86_64, and the type is arm64") as said:
        up_plan.look_ahead("prod", changes, dict, QUIET)
    assert "A new server would have to take its place. Nothing was changed." in said.value.message
    assert "config set workbench:instanceType t3.medium --stack prod " in said.value.hint
    assert "workbench resize t4g.medium --replace --stack prod " in said.value.hint
    state.config = {"workbench:instanceType": "t3.large"}
    assert up_plan.look_ahead("prod", changes, dict, QUIET)[0][0].startswith(f"Pulumi would {op}")


def test_what_a_plan_means_for_homes_comes_first() -> None:
    volume = Resource("aws:ebs/volume:Volume", "lab-storage-volume", changed=("snapshotId",))
    changes = Changes({"replace": 1}, (("replace", volume),))
    lines, _ = up_plan.look_ahead("prod", changes, dict, QUIET)
    assert lines[0].startswith("PEOPLE'S HOMES CHANGE")
    assert lines[-1] == "Pulumi would replace Volume lab-storage-volume."


@pytest.mark.parametrize("op", ["replace", "import-replacement"])
@pytest.mark.parametrize(
    ("stays", "is_refused"),
    [({}, True), ({"retainOnDelete": True}, False), ({"external": True}, False)],
)
def test_a_volume_that_would_be_deleted_is_not_replaced(
    op: str, stays: dict[str, bool], is_refused: bool
) -> None:
    kind, name = "aws:ebs/volume:Volume", "lab-storage-volume"
    before = {"type": kind, "urn": f"urn:pulumi:prod::lab::{kind}::{name}", "id": "vol-1", **stays}
    volume = Resource(kind, name, changed=("snapshotId",))
    changes = Changes(
        {"replace": 1}, tuple((each, volume) for each in dict.fromkeys([op, "replace"]))
    )
    if not is_refused:
        assert up_plan.look_ahead("prod", changes, lambda: {"resources": [before]}, QUIET)
        return
    with pytest.raises(WorkbenchError, match="the place of vol-1, and that one would be deleted"):
        up_plan.look_ahead("prod", changes, lambda: {"resources": [before]}, QUIET)


def test_of_two_workbenches_only_the_people_on_the_one_that_stops_are_told(
    power: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = {name: {"instance_id": f"i-{name}"} for name in ("one", "two")}
    states = [
        StackState("prod", told["one"], workbench="one", others={"two": told["two"]}),
        StackState("prod", told["two"], workbench="two", others={"one": told["one"]}),
    ]
    monkeypatch.setattr(up_plan, "read_each", lambda *_: states)
    seen: list[str] = []

    def see(state: StackState, _: Progress) -> People:
        seen.append(state.workbench)
        return People([Activity("ana", "kernel", 1)])

    monkeypatch.setattr(up_plan, "see_people", see)
    second = Resource(INSTANCE.type, "two-server-instance", "i-two", ("instanceType",))
    changes = Changes({"update": 1}, (("update", second),))
    lines, people = up_plan.look_ahead("prod", changes, dict, QUIET)
    assert seen == ["two"]
    assert "The server of two stops for that." in lines
    assert len(people.work) == 1

    # The volume of the first is taken away, so its server stops; the other's doesn't.
    seen.clear()
    attached = Resource("x:VolumeAttachment", "one-server-data", before={"instanceId": "i-one"})
    changes = Changes({"replace": 1}, (("replace", attached),))
    up_plan.look_ahead("prod", changes, dict, QUIET)
    assert seen == ["one"]
