"""What no task may let Pulumi do, gone through for every task, kind and operation."""

import ast
from itertools import product
from pathlib import Path

import pytest

import workbench.tasks
from workbench.engine.changes import Changes
from workbench.engine.state import Resource
from workbench.errors import WorkbenchError
from workbench.tasks.changes.guard import GUARD
from workbench.tasks.changes.guard import Change
from workbench.tasks.changes.guard import data_lines
from workbench.tasks.changes.guard import hold
from workbench.tasks.changes.guard import refuse_loss

TYPES = {
    "Instance": "aws:ec2/instance:Instance",
    "Volume": "aws:ebs/volume:Volume",
    "VolumeAttachment": "aws:ec2/volumeAttachment:VolumeAttachment",
    "Eip": "aws:ec2/eip:Eip",
    "EipAssociation": "aws:ec2/eipAssociation:EipAssociation",
    "Zone": "aws:route53/zone:Zone",
    "Record": "aws:route53/record:Record",
    "Bucket": "aws:s3/bucket:Bucket",
    "SecurityGroupIngressRule": "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
}
OPERATIONS = ("create", "import", "update", "replace", "delete")
# What a person is refused, task by task; the rest is done.
REFUSED = {
    Change.LISTS: """
        update Instance, replace Instance, delete Instance, replace Volume, delete Volume,
        replace VolumeAttachment, delete VolumeAttachment, replace Eip, delete Eip,
        replace EipAssociation, delete EipAssociation, replace Zone, delete Zone,
        replace Record, delete Record""",
    Change.CONVERGE: """
        create Instance, import Instance, update Instance, replace Instance, delete Instance,
        create Volume, import Volume, replace Volume, delete Volume,
        create VolumeAttachment, import VolumeAttachment, update VolumeAttachment,
        replace VolumeAttachment, delete VolumeAttachment, replace Eip, delete Eip,
        replace EipAssociation, delete EipAssociation, replace Zone, delete Zone""",
    Change.RESIZE: """
        replace Instance, delete Instance, replace Volume, delete Volume,
        replace VolumeAttachment, delete VolumeAttachment, replace Eip, delete Eip,
        replace EipAssociation, delete EipAssociation, replace Zone, delete Zone""",
    Change.REPLACE: """
        replace Instance, delete Instance, replace Volume, delete Volume, replace Eip, delete Eip,
        replace Zone, delete Zone""",
    Change.RESTORE: """
        create Instance, import Instance, replace Instance, delete Instance, delete Volume,
        create Eip, import Eip, replace Eip, delete Eip, replace EipAssociation,
        delete EipAssociation, replace Zone, delete Zone""",
    Change.UP: "delete Volume",
}
REFUSED |= {Change.GROW: REFUSED[Change.LISTS], Change.REPLACE_END: REFUSED[Change.REPLACE]}


def step(op: str, kind: str, *changed: str, name: str = "lab") -> tuple[str, Resource]:
    return op, Resource(TYPES[kind], name, changed=changed)


def refused(change: Change, op: str, kind: str) -> bool:
    try:
        # A volume from a snapshot: one that is blank is another test's.
        hold(Changes({}, (step(op, kind, "snapshotId"),)), change, "prod")
    except WorkbenchError as error:
        said = f"Pulumi would {op} {kind} lab, which is more than {change.value}; nothing was"
        return said in error.message and "--stack prod" in error.hint
    return False


@pytest.mark.parametrize("change", Change)
def test_every_task_refuses_what_it_is_not_about(change: Change) -> None:
    found = {f"{op} {kind}" for op, kind in product(OPERATIONS, TYPES) if refused(change, op, kind)}
    assert found == {each.strip() for each in REFUSED[change].split(",")}


@pytest.mark.parametrize("change", Change)
def test_the_table_has_a_word_on_every_kind_that_work_hangs_on(change: Change) -> None:
    assert set(GUARD[change]) == set(TYPES) - {"Bucket", "SecurityGroupIngressRule"}
    # Whatever else may change.
    assert "delete" not in GUARD[change]["Volume"]


@pytest.mark.parametrize("part", ["create-replacement", "delete-replaced", "same", "refresh"])
def test_the_parts_of_a_replacement_are_not_counted_again(part: str) -> None:
    hold(Changes({}, (step(part, "Instance"),)), Change.CONVERGE, "prod")


@pytest.mark.parametrize(
    ("op", "name", "is_refused"),
    [
        ("delete", "lab-server-2-instance", False),
        ("delete", "lab-server-instance", True),
        ("replace", "lab-server-2-instance", True),
    ],
)
def test_only_the_other_server_may_end(op: str, name: str, is_refused: bool) -> None:
    changes = Changes({}, (step(op, "Instance", name=name),))
    end = Change.REPLACE_END
    if is_refused:
        with pytest.raises(WorkbenchError, match=f"{op} Instance {name}, which is more than"):
            hold(changes, end, "prod", ending="-server-2-instance")
    else:
        hold(changes, end, "prod", ending="-server-2-instance")


@pytest.mark.parametrize("changed", ["availabilityZone", "encrypted", "kmsKeyId"])
def test_up_puts_no_blank_volume_in_the_place_of_peoples_data(changed: str) -> None:
    changes = Changes({}, (step("replace", "Volume", changed),))
    with pytest.raises(WorkbenchError, match=f"for another {changed}") as said:
        hold(changes, Change.UP, "prod")
    assert "workbench data.restore --stack prod" in said.value.hint


def test_another_volume_or_a_snapshot_is_told_as_what_it_means_for_homes() -> None:
    restored = Changes({}, (step("replace", "Volume", "snapshotId"),))
    taken_in = Changes({}, (step("import-replacement", "Volume"), step("replace", "Volume")))
    for changes, word in ((restored, "made from the snapshot"), (taken_in, "another data volume")):
        hold(changes, Change.UP, "prod")
        first, *more = data_lines(changes)
        assert first.startswith("PEOPLE'S HOMES CHANGE")
        assert word in " ".join([first, *more])
    assert data_lines(Changes({}, (step("update", "Volume", "size"),))) == []


# The engine makes a stack's changes here alone, after a look at them, or undoes what it made.
MAKERS = {
    "up/bring_up.py",
    "changes/apply.py",
    "resize/in_place.py",
    "resize/rollback.py",
    "converge/converge.py",
    "data/restore.py",
}


def test_no_other_task_lets_pulumi_change_anything() -> None:
    folder = Path(workbench.tasks.__file__).parent
    found = {
        str(path.relative_to(folder))
        for path in folder.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute) and node.attr == "up"
    }
    assert found == MAKERS


@pytest.mark.parametrize(
    ("change", "hint"),
    [
        (
            Change.LISTS,
            "git pull   if someone else has changed the stack's configuration\n"
            "  pulumi preview --diff --stack prod   shows each\n"
            "  workbench up --stack prod   makes them; then the same again",
        ),
        (
            Change.RESIZE,
            "pulumi preview --diff --stack prod   shows each\n"
            "  workbench up --stack prod   makes them; then the same again",
        ),
        (
            Change.UP,
            "People's home folders are on the data volume. Another workbench:name, or a program\n"
            "  without it, would remove it. If you want that, and there is a snapshot:\n"
            "  workbench destroy --stack prod   keeps it, and says how to use it again",
        ),
    ],
)
def test_what_is_refused_is_said_whole_with_a_way_on(change: Change, hint: str) -> None:
    steps = (step("delete", "Volume"), step("update", "Record"), step("delete", "Volume", name="b"))
    with pytest.raises(WorkbenchError) as refused:
        hold(Changes({}, steps), change, "prod")
    assert refused.value.message == (
        f"Pulumi would delete Volume lab, delete Volume b, which is more than {change.value};"
        " nothing was changed."
    )
    assert refused.value.hint == hint


def test_without_an_ending_no_server_may_end() -> None:
    changes = Changes({}, (step("delete", "Instance", name="lab-server-2-instance"),))
    with pytest.raises(WorkbenchError, match="delete Instance lab-server-2-instance"):
        hold(changes, Change.REPLACE_END, "prod")


@pytest.mark.parametrize("change", [each for each in Change if each is not Change.REPLACE_END])
def test_no_other_task_ends_a_server_by_its_name(change: Change) -> None:
    changes = Changes({}, (step("delete", "Instance", name="lab-2"),))
    if "delete" in GUARD[change]["Instance"]:
        hold(changes, change, "prod", ending="-2")
    else:
        with pytest.raises(WorkbenchError):
            hold(changes, change, "prod", ending="-2")


def test_only_an_instance_ends_by_its_name() -> None:
    changes = Changes({}, (step("delete", "Volume", name="lab-2"),))
    with pytest.raises(WorkbenchError, match="delete Volume lab-2"):
        hold(changes, Change.REPLACE_END, "prod", ending="-2")


@pytest.mark.parametrize(
    ("changed", "why"),
    [((), ""), (("kmsKeyId", "encrypted"), " (for another kmsKeyId and encrypted)")],
)
def test_a_blank_volume_is_refused_whole(changed: tuple[str, ...], why: str) -> None:
    steps = (
        step("import-replacement", "Volume", name="other"),
        step("replace", "Volume", name="other"),
        step("replace", "Eip", name="address"),
        step("replace", "Volume", *changed),
    )
    with pytest.raises(WorkbenchError) as refused:
        hold(Changes({}, steps), Change.UP, "prod")
    assert refused.value.message == (
        f"Pulumi would replace Volume lab{why}: people would find a volume without their present"
        " homes in its place. Nothing was changed."
    )
    assert refused.value.hint == (
        "workbench data.backup --stack prod   makes a snapshot; then\n"
        "  workbench data.restore --stack prod   makes a volume from it"
    )


def test_what_homes_become_is_said_whole() -> None:
    assert data_lines(Changes({}, (step("replace", "Eip"), step("replace", "Volume")))) == [
        "PEOPLE'S HOMES CHANGE: a new data volume, made from the snapshot, replaces",
        "this one. Home folders, accounts and passwords become what they were at that time;",
        "anything written since stays on the current volume, which is kept in AWS.",
    ]
    assert data_lines(Changes({}, (step("import-replacement", "Volume"),))) == [
        "PEOPLE'S HOMES CHANGE: another data volume replaces this one. Home folders,",
        "accounts and passwords will be those on it; the current volume is kept in AWS.",
    ]
    for op in ("replace", "import-replacement"):
        assert data_lines(Changes({}, (step(op, "Eip"),))) == []


VOLUME = {
    "urn": "urn:pulumi:prod::workbench::aws:ebs/volume:Volume::lab",
    "type": TYPES["Volume"],
    "id": "vol-1",
}


@pytest.mark.parametrize("op", ["replace", "import-replacement"])
def test_a_volume_that_its_successor_would_delete_is_refused(op: str) -> None:
    other = VOLUME | {"urn": VOLUME["urn"] + "-other", "id": "vol-2"}
    eip = VOLUME | {"type": TYPES["Eip"], "id": "eipalloc-1"}
    kept = other | {"retainOnDelete": True}
    state = {"resources": [eip, kept, other, VOLUME]}
    with pytest.raises(WorkbenchError) as refused:
        refuse_loss(Changes({}, (step(op, "Volume"),)), lambda: state, "prod")
    assert refused.value.message == (
        "Another volume would take the place of vol-1, and that one would be deleted, with"
        " people's home folders, because the last up had workbench:keepDataVolume false. Nothing"
        " was changed."
    )
    assert refused.value.hint == (
        "pulumi config set workbench:keepDataVolume true --stack prod   and, with the volume's"
        " settings as they were:\n  workbench up --stack prod"
    )


@pytest.mark.parametrize("told", ["retainOnDelete", "external"])
def test_a_volume_that_stays_in_aws_may_be_swapped(told: str) -> None:
    state = {"resources": [VOLUME | {told: True}]}
    refuse_loss(Changes({}, (step("replace", "Volume"),)), lambda: state, "prod")
    refuse_loss(Changes({}, (step("replace", "Volume"),)), dict, "prod")


@pytest.mark.parametrize(("op", "kind"), [("update", "Volume"), ("replace", "Eip")])
def test_the_state_is_asked_for_only_where_a_volume_is_swapped(op: str, kind: str) -> None:
    refuse_loss(Changes({}, (step(op, kind),)), lambda: pytest.fail("asked"), "prod")
