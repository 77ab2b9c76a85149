"""The data volume's tasks: what they refuse, and what they choose, without a server."""

from dataclasses import replace
from datetime import UTC
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from workbench.errors import WorkbenchError
from workbench.progress import Progress
from workbench.remote.data_volumes import Snapshot
from workbench.remote.data_volumes import Volume
from workbench.remote.data_volumes import snapshots_where
from workbench.remote.stack_state import StackState
from workbench.tasks.data import grow as grow_volume
from workbench.tasks.data.backup import _checked
from workbench.tasks.data.file_system import GIB
from workbench.tasks.data.file_system import FileSystem
from workbench.tasks.data.grow import _refuse_shrinking
from workbench.tasks.data.grow import read_size
from workbench.tasks.data.held_still import make_held_still
from workbench.tasks.data.restore_note import NOTE
from workbench.tasks.data.restore_note import Note
from workbench.tasks.data.restore_plan import refuse_what_cannot_be
from workbench.tasks.data.restore_plan import wanted_values

NOW = datetime(2026, 11, 21, 5, tzinfo=UTC)
VOLUME = Volume("vol-1", 20, "in-use", "us-east-1a", NOW, None, "p/dev")
KEPT = {"resources": [{"type": "aws:ebs/volume:Volume", "id": "vol-1", "retainOnDelete": True}]}
SNAPSHOT = Snapshot("snap-1", "vol-1", 20, "completed", 100, NOW, "", "a person")


class Answer:
    def __init__(self, ok: bool) -> None:
        self.ok, self.stderr = ok, "" if ok else "device busy"


class FakeServer:
    """Answers whether a command that has a word in it succeeds."""

    def __init__(self, **fails: bool) -> None:
        self.fails, self.ran = fails, list[str]()

    def run(self, command: str, *, limit: float = 60) -> Answer:
        word = next(word for word in ("--freeze", "--unfreeze", "stop") if word in command)
        self.ran.append(word)
        return Answer(word.strip("-") not in self.fails)


def state(config: dict[str, str] | None = None, **outputs: Any) -> StackState:
    return StackState("dev", {"zone": "us-east-1a", "region": "us-east-1", **outputs}, config or {})


def at(server: FakeServer) -> StackState:
    made = state()
    made.__dict__["server"] = server
    return made


@pytest.mark.parametrize("text", ["40", "40G", "40gb", "40 GiB", " 40 "])
def test_a_size_is_read_as_people_write_it(text: str) -> None:
    assert read_size(text) == 40


@pytest.mark.parametrize("text", ["0", "-3", "16385", "1.5", "40T", "big", ""])
def test_what_is_no_size_is_refused(text: str) -> None:
    with pytest.raises(WorkbenchError, match="isn't a valid volume size"):
        read_size(text)


def test_shrinking_is_refused_with_the_reason() -> None:
    with pytest.raises(WorkbenchError, match="has 20 GiB and can't become 19: neither EBS"):
        _refuse_shrinking(state(), VOLUME, 19)
    _refuse_shrinking(state(), VOLUME, 20)


@pytest.mark.parametrize(
    ("config", "has", "already"),
    [
        ({}, 20, True),
        ({}, 40, False),
        ({"workbench:dataVolumeSize": "40"}, 40, True),
        ({"workbench:dataVolumeSize": "20"}, 40, False),
        ({"workbench:dataSnapshotId": "snap-1"}, 40, True),
        ({"workbench:dataVolumeId": "vol-1"}, 40, True),
    ],
)
def test_a_volume_that_has_the_size_by_default_is_not_asked_to_grow(
    config: dict[str, str],
    has: int,
    already: bool,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(grow_volume, "read_volume", lambda _: replace(VOLUME, size_gib=has))
    monkeypatch.setattr(grow_volume, "read_file_system", lambda *_: FileSystem(has * GIB, 0))
    monkeypatch.setattr(grow_volume, "start_lines", lambda _: [])
    grow_volume.grow_volume(state(config), Progress(quiet=True), has, yes=False, dry_run=True)
    assert ("GiB already: nothing to do" in capsys.readouterr().out) is already


@pytest.mark.parametrize(
    ("gib", "size", "fills"),
    [(20, 19.94, True), (24, 19.94, False), (21, 19.94, False), (4096, 4094.0, True)],
)
def test_a_file_system_fills_its_volume_but_for_its_log(gib: int, size: float, fills: bool) -> None:
    assert FileSystem(int(size * GIB), 0).fills(gib) is fills
    assert not FileSystem(int(size * GIB), 0, "unknown").fills(gib)


@pytest.mark.parametrize("text", ["", " ", "a" * 256, "two\nlines", "pinguïns"])
def test_a_description_that_ec2_would_refuse_is_refused(text: str) -> None:
    with pytest.raises(WorkbenchError, match="plain"):
        _checked(text)


def test_the_file_system_stands_still_while_a_snapshot_begins() -> None:
    server = FakeServer()

    def make() -> str:
        assert server.ran == ["--freeze"]
        return "snap-1"

    assert make_held_still(at(server), make) == ("snap-1", "")
    assert server.ran[-2:] == ["--unfreeze", "stop"]


def test_a_file_system_that_thawed_too_early_is_told() -> None:
    made, problem = make_held_still(at(FakeServer(unfreeze=True)), lambda: "snap-1")

    assert made == "snap-1"
    assert "20 s" in problem


def test_it_is_thawed_where_a_snapshot_could_not_begin() -> None:
    server = FakeServer()

    def make() -> str:
        raise WorkbenchError("No snapshots today.")

    with pytest.raises(WorkbenchError, match="No snapshots today"):
        make_held_still(at(server), make)
    assert server.ran[-2:] == ["--unfreeze", "stop"]


def test_a_snapshot_begins_also_where_it_cannot_stand_still() -> None:
    made, problem = make_held_still(at(FakeServer(freeze=True)), lambda: "snap-1")

    assert (made, problem) == ("snap-1", "it could not be frozen: device busy")


def test_a_snapshot_says_who_made_it() -> None:
    tags = [
        {"workbench:made-by": "data.backup"},
        {"aws:backup:source-resource": "arn:a", "workbench:stack": "p/dev"},
        {},
    ]
    page = {"Snapshots": [_ec2_snapshot(each) for each in tags]}

    class Ec2:
        def get_paginator(self, what: str) -> "Ec2":
            assert what == "describe_snapshots"
            return self

        def paginate(self, **wanted: Any) -> list[dict[str, Any]]:
            assert wanted["OwnerIds"] == ["self"]
            return [page]

    found = [each.by for each in snapshots_where(Ec2(), "volume-id", ["vol-1"])]
    assert found == ["data.backup", "AWS Backup", "a person"]


def _ec2_snapshot(tags: dict[str, str]) -> dict[str, Any]:
    return {
        "SnapshotId": "snap-1",
        "VolumeId": "vol-1",
        "VolumeSize": 20,
        "State": "completed",
        "Progress": "100%",
        "StartTime": NOW,
        "Tags": [{"Key": key, "Value": value} for key, value in tags.items()],
    }


def test_a_restore_sets_the_snapshot_and_nothing_smaller_than_it() -> None:
    plain = {"workbench:dataSnapshotId": "snap-1", "workbench:dataVolumeId": None}
    assert wanted_values(state(), SNAPSHOT) == plain
    assert wanted_values(state({"workbench:dataVolumeSize": "40"}), SNAPSHOT) == plain
    small = wanted_values(state({"workbench:dataVolumeSize": "8"}), SNAPSHOT)
    assert small == plain | {"workbench:dataVolumeSize": 20}


def test_a_restore_in_place_of_an_adopted_volume_keeps_its_zone() -> None:
    adopted = {"workbench:dataVolumeId": "vol-1"}

    assert wanted_values(state(adopted), SNAPSHOT)["workbench:availabilityZone"] == "us-east-1a"
    theirs = adopted | {"workbench:subnetId": "subnet-1"}
    assert "workbench:availabilityZone" not in wanted_values(state(theirs), SNAPSHOT)


def test_what_pulumi_would_not_do_is_refused() -> None:
    protected = state({"workbench:protectInstance": "true"})
    with pytest.raises(WorkbenchError, match="protected"):
        refuse_what_cannot_be(protected, KEPT, VOLUME, SNAPSHOT, None)
    same = replace(VOLUME, snapshot_id="snap-1")
    with pytest.raises(WorkbenchError, match="was made from snap-1"):
        refuse_what_cannot_be(state(), KEPT, same, SNAPSHOT, None)
    # One that was interrupted continues.
    refuse_what_cannot_be(state(), KEPT, same, SNAPSHOT, Note("snap-1", "vol-0", {}))


def test_a_note_is_there_until_the_restore_has_ended(tmp_path: Path) -> None:
    here = state()
    here.__dict__["folder"] = tmp_path
    assert NOTE.read(here) is None
    note = Note("snap-1", "vol-1", {"workbench:dataSnapshotId": None})
    NOTE.write(here, note)
    assert NOTE.read(here) == note
    NOTE.remove(here)
    assert NOTE.read(here) is None


def test_a_note_of_another_projects_stack_of_the_same_name_is_left_alone(tmp_path: Path) -> None:
    ours, theirs = state(bucket="lab-1234567"), state(bucket="lab-7654321")
    for each in (ours, theirs):
        each.__dict__["folder"] = tmp_path
    note = Note("snap-1", "vol-1", {})
    NOTE.write(theirs, note)
    assert NOTE.read(ours) is None
    NOTE.write(ours, replace(note, snapshot="snap-2"))
    NOTE.remove(ours)
    assert NOTE.read(theirs) == note


def test_a_note_of_an_earlier_version_is_read_and_removed(tmp_path: Path) -> None:
    before, now = state(), state(bucket="lab-1234567")
    for each in (before, now):
        each.__dict__["folder"] = tmp_path
    note = Note("snap-1", "vol-1", {})
    NOTE.write(before, note)
    assert NOTE.read(now) == note
    NOTE.remove(now)
    assert NOTE.read(now) is None
