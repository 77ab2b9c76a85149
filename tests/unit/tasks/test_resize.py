"""A resize begins where an earlier one got to, and the old type is put back where it has to be."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError

from workbench.checks.check import Report
from workbench.checks.check import Result
from workbench.configured import INSTANCE_TYPE as KEY
from workbench.engine.changes import Changes
from workbench.engine.failures import InterruptedUpdateError
from workbench.engine.failures import StackLockedError
from workbench.engine.failures import StackOperationError
from workbench.engine.state import Resource
from workbench.errors import WorkbenchError
from workbench.progress import Progress
from workbench.remote.stack_state import StackState
from workbench.tasks.changes.apply import Interrupted
from workbench.tasks.changes.stack_lock import when_free
from workbench.tasks.changes.working_people import People
from workbench.tasks.resize import end as resize_end
from workbench.tasks.resize import in_place as resize_in_place
from workbench.tasks.resize import rollback as resize_rollback
from workbench.tasks.resize.in_place import Resize
from workbench.tasks.resize.note import NOTE
from workbench.tasks.resize.note import Note
from workbench.tasks.resize.plan import other_changes
from workbench.tasks.resize.rollback import RolledBackError
from workbench.tasks.resize.state import Situation

SMALL, LARGE = "t3.medium", "t3.large"
INSTANCE = Resource("aws:ec2/instance:Instance", "lab-server-instance")
ONE_UPDATE = Changes({"update": 1}, (("update", INSTANCE),))
QUIET = Progress(quiet=True)
# Called in place of Pulumi's up.
Up = Callable[["Cloud"], None]


class Cloud:
    """A server by its three words, as configuration, Pulumi and EC2 have them, and what was done.

    It is EC2 and the opened stack in one.
    """

    def __init__(self, configured: str | None, known: str, actual: str, power: str) -> None:
        self.configured, self.known, self.actual, self.power = configured, known, actual, power
        self.pending = False
        self.done: list[str] = []
        self.ups: list[Up] = []

    @property
    def instance(self) -> dict[str, Any]:
        return {
            "InstanceId": "i-1",
            "InstanceType": self.actual,
            "State": {"Name": self.power},
            "BlockDeviceMappings": [{"Ebs": {"VolumeId": "vol-1"}}],
        }

    def describe_instances(self, **_: Any) -> Any:
        return {"Reservations": [{"Instances": [self.instance]}]}

    def set_config(self, values: dict[str, str | None]) -> None:
        self.configured = values[KEY]
        self.done.append(f"configure {self.configured}")

    def preview(self) -> Changes:
        return ONE_UPDATE

    def refresh(self) -> None:
        self.known, self.pending = self.actual, False
        self.done.append("refresh")

    def up(self) -> None:
        """Do what Pulumi does: stop, change and start where the type differs."""
        self.done.append("up")
        if self.ups:
            self.ups.pop(0)(self)
        if self.known != (self.configured or SMALL):
            self.actual = self.known = self.configured or SMALL
            self.power = "running"


class State(StackState):
    """A stack whose AWS is the test's."""

    cloud: Cloud
    failing: tuple[Report, ...] = ()

    def aws(self, service: str) -> Any:
        return self.cloud


@pytest.fixture
def state(monkeypatch: pytest.MonkeyPatch) -> State:
    made = State("prod", {"instance_id": "i-1"})
    made.cloud = Cloud(SMALL, SMALL, SMALL, "running")

    def situation(state: Any) -> Situation:
        now = made.cloud
        note = NOTE.read(state)
        return Situation(now.configured, now.known, now.instance, now.pending, note)

    def change(state: Any, values: dict[str, Any], *_: Any, check: Any) -> None:
        before = made.cloud.configured
        made.cloud.configured = values[KEY]
        try:
            check(ONE_UPDATE)
        except BaseException:
            made.cloud.configured = before
            raise
        made.cloud.done.append(f"change to {values[KEY]}")
        made.cloud.up()

    def get_in(state: Any, progress: Any, *, by_ssh: bool) -> None:
        made.cloud.done.append(f"get in, by SSH: {by_ssh}")
        made.cloud.power = "running"

    for module in (resize_in_place, resize_end):
        monkeypatch.setattr(module, "read_situation", situation)
    for module in (resize_in_place, resize_rollback):
        monkeypatch.setattr(module, "get_in", get_in)

    def check_server(state: Any, wanted: str, known: list[str], progress: Any) -> None:
        made.cloud.done.append(" but for ".join([f"check {wanted}", *known]))

    for module in (resize_end, resize_rollback):
        monkeypatch.setattr(module, "check_server", check_server)
    monkeypatch.setattr(resize_in_place, "failing", lambda *_: made.failing)
    monkeypatch.setattr(resize_in_place, "change_configuration", change)
    monkeypatch.setattr(resize_in_place, "look_ahead", lambda *_: (["Resize it."], People()))
    monkeypatch.setattr("workbench.engine.stacks.open_stack", lambda *_: made.cloud)
    return made


def resize(state: State, wanted: str = LARGE, **options: bool) -> None:
    asked = {"force": False, "yes": True, "dry_run": False} | options
    Resize(state, wanted, QUIET).run(**asked)


def test_a_resize_changes_the_configuration_and_checks_the_server(
    state: State, capsys: pytest.CaptureFixture[str]
) -> None:
    resize(state)
    assert state.cloud.done == [
        f"change to {LARGE}",
        "up",
        "get in, by SSH: True",
        f"check {LARGE}",
    ]
    assert NOTE.read(state) is None
    printed = capsys.readouterr().out
    assert f"The server is a {LARGE} now." in printed
    assert "vol-1" in printed


def test_what_failed_before_does_not_leave_it_unfinished(
    state: State, capsys: pytest.CaptureFixture[str]
) -> None:
    state.failing = (Report("dns", Result.FAIL, "no record", ""),)
    resize(state)
    assert state.cloud.done[-1] == f"check {LARGE} but for dns"
    assert NOTE.read(state) is None
    assert "but for what failed before (dns)" in capsys.readouterr().out


def test_aws_failing_half_way_is_told_with_the_way_on(
    state: State, monkeypatch: pytest.MonkeyPatch
) -> None:
    def get_in(*_: Any, **__: Any) -> None:
        raise EndpointConnectionError(endpoint_url="https://ec2")

    monkeypatch.setattr(resize_in_place, "get_in", get_in)
    with pytest.raises(WorkbenchError, match="doesn't answer: Could not connect") as told:
        resize(state)
    assert told.value.message.endswith("\nThe resize hasn't finished.")
    assert told.value.hint == f"workbench resize {LARGE} --stack prod   continues"
    assert NOTE.read(state) == Note(LARGE, SMALL, SMALL)


def test_with_nothing_to_do_it_does_nothing(
    state: State, capsys: pytest.CaptureFixture[str]
) -> None:
    resize(state, SMALL)
    assert state.cloud.done == []
    assert "nothing to do" in capsys.readouterr().out


def test_a_dry_run_leaves_all_as_it_is(state: State, capsys: pytest.CaptureFixture[str]) -> None:
    resize(state, dry_run=True)
    assert (state.cloud.done, state.cloud.configured, NOTE.read(state)) == ([], SMALL, None)
    assert "Resize it." in capsys.readouterr().out


# What a killed resize to LARGE can leave: configured, known, actual, power, pending; what is done.
CUT_OFF = [
    (SMALL, SMALL, SMALL, "running", False, [f"change to {LARGE}", "up"]),
    (LARGE, SMALL, SMALL, "running", False, [f"change to {LARGE}", "up"]),
    (LARGE, SMALL, SMALL, "stopped", True, ["refresh", f"change to {LARGE}", "up"]),
    (LARGE, SMALL, LARGE, "stopped", True, [f"configure {LARGE}", "refresh", "up"]),
    (LARGE, SMALL, LARGE, "running", True, [f"configure {LARGE}", "refresh", "up"]),
    (LARGE, LARGE, LARGE, "running", False, [f"configure {LARGE}"]),
]


@pytest.mark.parametrize(("configured", "known", "actual", "power", "pending", "done"), CUT_OFF)
def test_one_that_was_cut_off_goes_on(
    state: State,
    configured: str,
    known: str,
    actual: str,
    power: str,
    pending: bool,
    done: list[str],
) -> None:
    NOTE.write(state, Note(LARGE, SMALL, SMALL))
    state.cloud = Cloud(configured, known, actual, power)
    state.cloud.pending = pending
    resize(state)
    assert state.cloud.done[: len(done)] == done
    assert state.cloud.done[-1] == f"check {LARGE}"
    cloud = state.cloud
    assert (cloud.configured, cloud.known, cloud.actual, cloud.power) == (
        LARGE,
        LARGE,
        LARGE,
        "running",
    )
    assert NOTE.read(state) is None


@pytest.mark.parametrize(("configured", "known", "actual", "power", "pending", "done"), CUT_OFF)
def test_one_that_was_cut_off_can_be_undone(
    state: State,
    configured: str,
    known: str,
    actual: str,
    power: str,
    pending: bool,
    done: list[str],
) -> None:
    NOTE.write(state, Note(LARGE, SMALL, SMALL))
    state.cloud = Cloud(configured, known, actual, power)
    state.cloud.pending = pending
    resize(state, SMALL)
    cloud = state.cloud
    assert (cloud.configured, cloud.known, cloud.actual, cloud.power) == (
        SMALL,
        SMALL,
        SMALL,
        "running",
    )
    assert NOTE.read(state) is None


def no_capacity(cloud: Cloud) -> None:
    cloud.actual, cloud.power = LARGE, "stopped"
    raise StackOperationError("Instance x: InsufficientInstanceCapacity: Insufficient capacity.")


def test_a_type_that_does_not_start_is_put_back(state: State) -> None:
    state.cloud.ups = [no_capacity]
    with pytest.raises(RolledBackError) as back:
        resize(state)
    assert back.value.message == (
        f"{LARGE} did not start: AWS has no capacity for it in this zone right now. {SMALL} was"
        " restored: the server is running again, and its checks pass."
    )
    assert state.cloud.done[-5:] == [
        f"configure {SMALL}",
        "refresh",
        "up",
        "get in, by SSH: False",
        f"check {SMALL}",
    ]
    assert (state.cloud.actual, state.cloud.power) == (SMALL, "running")
    assert NOTE.read(state) is None


def test_a_default_type_is_put_back_by_taking_the_key_out(state: State) -> None:
    state.cloud.configured = None
    state.cloud.ups = [no_capacity]
    with pytest.raises(RolledBackError):
        resize(state)
    assert (state.cloud.configured, state.cloud.actual) == (None, SMALL)


def test_where_the_old_type_does_not_come_back_either_the_way_on_is_told(state: State) -> None:
    def fails(cloud: Cloud) -> None:
        raise StackOperationError("AWS is away.")

    state.cloud.ups = [no_capacity, fails]
    with pytest.raises(WorkbenchError, match="could not be restored yet: AWS is away") as stuck:
        resize(state)
    assert stuck.value.hint.startswith(f"workbench resize {SMALL} --stack prod")
    assert NOTE.read(state) == Note(LARGE, SMALL, SMALL)


def test_a_failure_before_the_stop_leaves_the_configuration_as_it_was(state: State) -> None:
    def fails(cloud: Cloud) -> None:
        raise StackOperationError("The credentials have expired.")

    state.cloud.ups = [fails]
    with pytest.raises(WorkbenchError, match="was not stopped, and the configuration is unchanged"):
        resize(state)
    assert (state.cloud.configured, state.cloud.actual) == (SMALL, SMALL)
    assert NOTE.read(state) is None


def test_a_failure_after_the_start_is_gone_on_with(state: State) -> None:
    def fails(cloud: Cloud) -> None:
        cloud.actual = LARGE
        raise StackOperationError("The record can't be written.")

    state.cloud.ups = [fails]
    with pytest.raises(WorkbenchError, match="The instance i-1 is running, and its type") as left:
        resize(state)
    assert left.value.hint == f"workbench resize {LARGE} --stack prod"
    assert state.cloud.configured == LARGE
    assert NOTE.read(state) == Note(LARGE, SMALL, SMALL)


def test_ctrl_c_says_what_exists_and_the_ways_on_and_back(state: State) -> None:
    def interrupted(cloud: Cloud) -> None:
        cloud.power = "stopped"
        raise InterruptedUpdateError("Interrupted.")

    state.cloud.ups = [interrupted]
    with pytest.raises(Interrupted) as stopped:
        resize(state)
    assert stopped.value.message == f"Interrupted: i-1 is stopped, and its type is {SMALL}."
    assert f"workbench resize {LARGE} --stack prod   continues" in stopped.value.hint
    assert f"workbench resize {SMALL} --stack prod   restores the old type" in stopped.value.hint


def test_ctrl_c_before_the_first_change_says_that_nothing_was(
    state: State, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: Any, **__: Any) -> bool:
        raise KeyboardInterrupt

    monkeypatch.setattr(resize_in_place, "confirm", interrupted)
    with pytest.raises(Interrupted, match="nothing was changed"):
        resize(state)
    assert state.cloud.configured == SMALL


def test_more_than_a_resize_is_shown() -> None:
    record = Resource("aws:route53/record:Record", "lab-record")
    assert other_changes(ONE_UPDATE) == []
    both = Changes({}, (("update", INSTANCE), ("create", record)))
    assert "create Record lab-record" in " ".join(other_changes(both))


def test_a_dying_engine_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workbench.tasks.changes.stack_lock.INTERVAL", 0)
    answers = [StackLockedError("locked"), StackLockedError("locked"), None]

    def refresh() -> None:
        answer = answers.pop(0)
        if answer:
            raise answer

    when_free(refresh)
    assert answers == []
    answers = [StackLockedError("locked")]
    monkeypatch.setattr("workbench.tasks.changes.stack_lock.LIMIT", -1)
    with pytest.raises(StackLockedError):
        when_free(refresh)


def test_a_note_that_is_broken_is_none(state: State) -> None:
    NOTE.write(state, Note(LARGE, SMALL, None))
    path = Path(state.folder) / "resize.json"
    assert json.loads(path.read_text())["before"] == SMALL
    path.write_text("{")
    assert NOTE.read(state) is None
