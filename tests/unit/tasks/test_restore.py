"""A restore that is refused, interrupted, or fails, on a stack that is the test's."""

from collections.abc import Callable
from datetime import UTC
from datetime import datetime
from types import SimpleNamespace
from typing import Any

import pytest

from workbench.checks.check import Report
from workbench.checks.check import Result
from workbench.configured import SNAPSHOT
from workbench.configured import VOLUME
from workbench.engine.changes import Changes
from workbench.engine.failures import StackLockedError
from workbench.engine.state import Resource
from workbench.errors import WorkbenchError
from workbench.progress import Progress
from workbench.remote.data_volumes import Snapshot
from workbench.remote.data_volumes import Volume
from workbench.remote.stack_state import StackState
from workbench.tasks.changes.apply import Interrupted
from workbench.tasks.changes.guard import Change
from workbench.tasks.changes.guard import hold
from workbench.tasks.changes.working_people import People
from workbench.tasks.data import restore as restore_volume
from workbench.tasks.data.restore_note import NOTE
from workbench.tasks.data.restore_note import Note

NOW = datetime(2026, 11, 21, 5, tzinfo=UTC)
TAKEN = Snapshot("snap-1", "vol-old", 20, "completed", 100, NOW, "", "a person")
DNS = Report("dns", Result.FAIL, "no record", "")
HUB = Report("jupyterhub", Result.FAIL, "answers 502", "")
MOVE = ("replace", Resource("aws:ebs/volume:Volume", "lab-volume"))
NEW_SERVER = ("replace", Resource("aws:ec2/instance:Instance", "lab-server-instance"))


class Stack:
    """A stack whose volume follows its configuration; what was done to it is kept."""

    def __init__(self) -> None:
        self.config: dict[str, str] = {}
        self.volume = "vol-old"
        self.steps = [MOVE]
        self.done: list[str] = []
        # What fails before; and after, with each volume.
        self.before: list[Report] = []
        self.failing: dict[str, list[Report]] = {}
        self.problem: BaseException | None = None
        self.locked = False
        # What the last up was told, which Pulumi goes by.
        self.keeps = True

    def export(self) -> dict[str, Any]:
        volume = {"type": MOVE[1].type, "id": self.volume, "retainOnDelete": self.keeps}
        return {"resources": [volume]}

    def set_config(self, values: dict[str, Any]) -> None:
        for key, value in values.items():
            self.config.pop(key, None)
            if value is not None:
                self.config[key] = str(value)

    def up(self) -> None:
        if self.locked:
            raise StackLockedError("Another update holds it.")
        if self.config.get(VOLUME):
            self.volume = self.config[VOLUME]
        elif self.config.get(SNAPSHOT):
            self.volume = "vol-new"
        self.done.append(f"up with {self.volume}")


@pytest.fixture
def stack(monkeypatch: pytest.MonkeyPatch) -> Stack:
    made = Stack()

    def change(state: Any, values: Any, _: Any, change: Change, *, check: Any) -> None:
        if made.problem:
            raise made.problem
        changes = Changes({"replace": 1}, tuple(made.steps))
        hold(changes, change, state.stack)
        check(changes)
        made.set_config(values)
        made.up()

    def failing(target: Any, progress: Any, known: Any = ()) -> list[Report]:
        found = made.failing.get(made.volume, []) if made.done else made.before
        return [each for each in found if each.name not in known]

    def read(*_: Any) -> StackState:
        return state_of(made)

    def volume(_: Any) -> Volume:
        return Volume(made.volume, 20, "in-use", "us-east-1a", NOW, None, "p/dev")

    monkeypatch.setattr(restore_volume, "change_configuration", change)
    monkeypatch.setattr(restore_volume, "failing", failing)
    monkeypatch.setattr(restore_volume, "read_stack", read)
    monkeypatch.setattr(restore_volume, "read_volume", volume)
    monkeypatch.setattr(restore_volume, "find_volume", lambda *_: None)
    monkeypatch.setattr(restore_volume, "choose_snapshot", lambda *_: TAKEN)
    monkeypatch.setattr(restore_volume, "see_people", lambda *_: People())
    monkeypatch.setattr(restore_volume, "converge_server", lambda *_: made.done.append("converge"))
    monkeypatch.setattr(restore_volume, "wait_usable", lambda *_: None)
    monkeypatch.setattr(restore_volume, "PowerWatch", lambda *_: SimpleNamespace(state="running"))
    monkeypatch.setattr("workbench.engine.stacks.open_stack", lambda *_: made)
    return made


def state_of(stack: Stack) -> StackState:
    outputs = {"instance_id": "i-1", "data_volume_id": stack.volume, "region": "us-east-1"}
    state = StackState("prod", outputs | {"zone": "us-east-1a"}, dict(stack.config))
    state.__dict__["aws"] = lambda service: None
    return state


@pytest.fixture
def restore(stack: Stack) -> Callable[[], None]:
    def run() -> None:
        restore_volume.restore(
            state_of(stack), Progress(quiet=True), None, force=False, yes=True, dry_run=False
        )

    return run


def note_of(stack: Stack) -> Note | None:
    return NOTE.read(state_of(stack))


def test_the_old_volume_is_kept_and_told(
    stack: Stack, restore: Callable[[], None], capsys: pytest.CaptureFixture[str]
) -> None:
    restore()
    assert stack.done == ["up with vol-new", "converge"]
    assert note_of(stack) is None
    assert "aws ec2 delete-volume --region us-east-1 --volume-id vol-old" in capsys.readouterr().out


def test_what_was_refused_is_not_carried_out(stack: Stack, restore: Callable[[], None]) -> None:
    stack.steps = [MOVE, NEW_SERVER]
    with pytest.raises(WorkbenchError, match="more than a restore; nothing was changed"):
        restore()
    assert (stack.done, stack.config, note_of(stack)) == ([], {}, None)


def test_a_preview_that_fails_changes_nothing(stack: Stack, restore: Callable[[], None]) -> None:
    stack.problem = StackLockedError("Another update holds it.")
    with pytest.raises(StackLockedError):
        restore()
    assert (stack.done, stack.config, note_of(stack)) == ([], {}, None)


def test_a_stack_that_another_update_holds_is_not_rolled_back(
    stack: Stack, restore: Callable[[], None]
) -> None:
    stack.locked = True
    with pytest.raises(StackLockedError):
        restore()
    assert stack.config == {SNAPSHOT: "snap-1"}
    stack.locked = False
    restore()
    assert (stack.volume, note_of(stack)) == ("vol-new", None)


def test_a_server_that_is_not_well_with_it_gets_the_old_one_back(
    stack: Stack, restore: Callable[[], None]
) -> None:
    stack.failing = {"vol-new": [HUB]}
    with pytest.raises(restore_volume.RestoreFailedError, match="So vol-old is in use again"):
        restore()
    assert stack.volume == "vol-old"
    assert note_of(stack) is None


def test_what_failed_before_is_no_reason_to_go_back(
    stack: Stack, restore: Callable[[], None]
) -> None:
    stack.before, stack.failing = [DNS], {"vol-new": [DNS]}
    restore()
    assert stack.volume == "vol-new"


def test_one_that_was_cut_off_before_the_change_goes_on(
    stack: Stack, restore: Callable[[], None]
) -> None:
    stack.problem = KeyboardInterrupt()
    with pytest.raises(Interrupted, match="vol-old and its snapshots are all still there"):
        restore()
    assert note_of(stack) == Note("snap-1", "vol-old", dict.fromkeys(restore_volume.KEYS))
    stack.problem = None
    restore()
    assert (stack.volume, note_of(stack)) == ("vol-new", None)


def test_a_volume_in_use_since_an_earlier_run_stays(
    stack: Stack, restore: Callable[[], None], capsys: pytest.CaptureFixture[str]
) -> None:
    NOTE.write(state_of(stack), Note("snap-1", "vol-old", {}))
    stack.set_config({SNAPSHOT: "snap-1"})
    stack.volume, stack.failing = "vol-new", {"vol-new": [HUB]}
    with pytest.raises(WorkbenchError, match="in use since an earlier run, so it stays") as told:
        restore()
    assert f"pulumi config set {VOLUME} vol-old --stack prod" in told.value.hint
    assert stack.done == ["converge"]
    assert note_of(stack) is not None
    stack.failing = {}
    restore()
    assert note_of(stack) is None
    # The old one isn't there any more, in this test.
    assert "delete-volume" not in capsys.readouterr().out


@pytest.mark.parametrize("was_applied", [True, False])
def test_a_volume_that_would_be_deleted_is_not_replaced(
    stack: Stack, restore: Callable[[], None], was_applied: bool
) -> None:
    if was_applied:
        stack.keeps = False
    else:
        stack.set_config({"workbench:keepDataVolume": "false"})
    with pytest.raises(WorkbenchError, match="that one would be deleted") as told:
        restore()
    assert "keepDataVolume true --stack prod" in told.value.hint
    assert stack.done == []
