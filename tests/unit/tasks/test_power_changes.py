"""The server is stopped, started and restarted as agreed, and told so."""

from collections.abc import Iterator
from typing import Any

import pytest

from workbench.errors import WaitTimeoutError
from workbench.errors import WorkbenchError
from workbench.progress import Progress
from workbench.remote import boots
from workbench.remote.boots import Boot
from workbench.remote.sessions import Activity
from workbench.remote.ssh_target import OtherHostError
from workbench.remote.ssh_target import RefusedError
from workbench.remote.ssh_target import UnreachableError
from workbench.remote.stack_state import StackState
from workbench.tasks.changes.working_people import People
from workbench.tasks.changes.working_people import PeopleAtWorkError
from workbench.tasks.power import start_stop as power_changes
from workbench.tasks.power.start_stop import restart_server
from workbench.tasks.power.start_stop import start_server
from workbench.tasks.power.start_stop import stop_server

QUIET = Progress(quiet=True)


class Ec2:
    """One instance, which goes where it is told at once."""

    def __init__(self, state: str) -> None:
        self.state = state
        self.done: list[str] = []

    def describe_instances(self, **_: Any) -> Any:
        instance = {"State": {"Name": self.state}, "InstanceType": "t3.medium"}
        return {"Reservations": [{"Instances": [instance]}]}

    def start_instances(self, **_: Any) -> None:
        self.done.append("start")
        self.state = "running"

    def stop_instances(self, **_: Any) -> None:
        self.done.append("stop")
        self.state = "stopped"

    def reboot_instances(self, **_: Any) -> None:
        self.done.append("reboot")

    def get_waiter(self, _: str) -> Any:
        return self

    def wait(self, **_: Any) -> None:
        pass


class State(StackState):
    """A stack on AWS with one instance."""

    ec2: Ec2

    def aws(self, service: str) -> Any:
        return self.ec2

    def door(self) -> Any:
        return None


@pytest.fixture
def state(monkeypatch: pytest.MonkeyPatch) -> State:
    made = State("prod", {"instance_id": "i-1", "region": "us-east-1", "url": "https://lab/"})
    made.ec2 = Ec2("running")
    monkeypatch.setattr(power_changes, "see_people", lambda *_: People())
    monkeypatch.setattr(power_changes, "await_services", lambda *_: made.ec2.done.append("await"))
    monkeypatch.setattr(power_changes, "read_stack", lambda *_: made)
    monkeypatch.setattr(power_changes, "boot_before", lambda _: Boot("first"))
    monkeypatch.setattr(power_changes, "await_next_boot", lambda *_: made.ec2.done.append("boot"))
    made.__dict__["server"] = type("Server", (), {"close": lambda self: None})()
    return made


@pytest.fixture
def at_work(state: State, monkeypatch: pytest.MonkeyPatch) -> None:
    people = People([Activity("ana", "kernel", 1, ("R",))])
    monkeypatch.setattr(power_changes, "see_people", lambda *_: people)


def test_a_running_server_is_stopped(state: State, capsys: pytest.CaptureFixture[str]) -> None:
    stop_server(state, QUIET, force=False, yes=True, dry_run=False)
    assert state.ec2.done == ["stop"]
    printed = capsys.readouterr().out
    assert "Running costs $0.0416 an hour" in printed
    assert "workbench start --stack prod" in printed


def test_a_stopped_one_stays_so(state: State) -> None:
    state.ec2.state = "stopped"
    stop_server(state, QUIET, force=False, yes=False, dry_run=False)
    assert state.ec2.done == []


def test_a_booting_one_is_stopped_as_agreed(
    state: State, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    state.ec2.state = "pending"
    stop_server(state, QUIET, force=False, yes=False, dry_run=True)
    assert "Stop i-1, a t3.medium." in capsys.readouterr().out
    monkeypatch.setattr("sys.stdin", None)
    with pytest.raises(WorkbenchError, match="no terminal to ask you on"):
        stop_server(state, QUIET, force=False, yes=False, dry_run=False)
    assert state.ec2.done == []
    stop_server(state, QUIET, force=False, yes=True, dry_run=False)
    assert state.ec2.done == ["stop"]


@pytest.mark.usefixtures("at_work")
def test_one_that_is_stopping_is_only_waited_for(
    state: State, capsys: pytest.CaptureFixture[str]
) -> None:
    state.ec2.state = "stopping"
    stop_server(state, QUIET, force=False, yes=False, dry_run=True)
    assert "is already stopping: nothing would be done" in capsys.readouterr().out
    assert state.ec2.done == []
    stop_server(state, QUIET, force=False, yes=False, dry_run=False)
    assert "i-1 is stopped." in capsys.readouterr().out


@pytest.mark.usefixtures("at_work")
@pytest.mark.parametrize("change", [stop_server, restart_server])
def test_it_does_not_stop_under_someones_hands(state: State, change: Any) -> None:
    with pytest.raises(PeopleAtWorkError, match="ana: 1 Jupyter kernel") as refused:
        change(state, QUIET, force=False, yes=True, dry_run=False)
    assert refused.value.hint.endswith(" --stack prod --force")
    assert state.ec2.done == []
    change(state, QUIET, force=False, yes=True, dry_run=True)
    assert state.ec2.done == []
    change(state, QUIET, force=True, yes=True, dry_run=False)
    assert state.ec2.done[0] in ("stop", "reboot")


def test_a_stopped_server_is_started_and_waited_for(state: State) -> None:
    state.ec2.state = "stopped"
    start_server(state, QUIET, yes=True, dry_run=True)
    assert state.ec2.done == []
    start_server(state, QUIET, yes=True, dry_run=False)
    assert state.ec2.done == ["start", "await"]


def test_starting_one_on_aws_costs_and_is_asked_for(
    state: State, monkeypatch: pytest.MonkeyPatch
) -> None:
    state.ec2.state = "stopped"
    monkeypatch.setattr("sys.stdin", None)
    with pytest.raises(WorkbenchError) as asked:
        start_server(state, QUIET, yes=False, dry_run=False)
    assert asked.value.hint == "workbench start --stack prod --yes"
    assert state.ec2.done == []


def test_a_restart_is_over_with_the_next_boot(state: State) -> None:
    restart_server(state, QUIET, force=False, yes=True, dry_run=False)
    assert state.ec2.done == ["reboot", "boot", "await"]
    state.ec2.state = "stopped"
    with pytest.raises(WorkbenchError, match="nothing to restart"):
        restart_server(state, QUIET, force=False, yes=True, dry_run=False)


def test_a_server_that_does_not_say_who_works_may_still_say_which_boot_it_is_in(
    state: State, monkeypatch: pytest.MonkeyPatch
) -> None:
    awaited: list[Boot] = []
    monkeypatch.setattr(power_changes, "see_people", lambda *_: People(problem="no answer"))
    monkeypatch.setattr(
        power_changes, "await_next_boot", lambda _, before, __: awaited.append(before)
    )
    restart_server(state, QUIET, force=True, yes=True, dry_run=False)
    assert awaited == [Boot("first")]


def test_a_terminated_instance_is_told(state: State) -> None:
    state.ec2.state = "terminated"
    for change in (stop_server, restart_server):
        with pytest.raises(WorkbenchError, match="i-1 is terminated"):
            change(state, QUIET, force=True, yes=True, dry_run=False)


@pytest.mark.parametrize(
    ("groups", "told", "hint"),
    [
        ([{"GroupId": "sg-1"}], "i-1 is gone", "workbench up --stack prod"),
        ([], "knows neither i-1 nor its security group", "aws sts get-caller-identity"),
    ],
)
def test_a_server_that_aws_does_not_know_may_be_in_another_account(
    state: State, monkeypatch: pytest.MonkeyPatch, groups: list[Any], told: str, hint: str
) -> None:
    state.outputs = {**state.outputs, "security_group_id": "sg-1"}
    monkeypatch.setattr(Ec2, "describe_instances", lambda *_, **__: {"Reservations": []})
    monkeypatch.setattr(
        Ec2, "describe_security_groups", lambda *_, **__: {"SecurityGroups": groups}, raising=False
    )
    with pytest.raises(WorkbenchError, match=told) as refused:
        stop_server(state, QUIET, force=False, yes=True, dry_run=False)
    assert refused.value.hint == hint


# What a server that shuts down answers to a command that it has begun.
CUT = "interrupted"
SILENT = UnreachableError("refused")


class Door:
    """A server's door: what each opening shows, in turn."""

    stack = "prod"

    def __init__(self, *marks: str | WorkbenchError) -> None:
        self._marks: Iterator[str | WorkbenchError] = iter(marks)

    def open(self) -> Any:
        mark = next(self._marks)
        if isinstance(mark, WorkbenchError):
            raise mark
        answer = type("Answer", (), {"ok": mark != CUT, "stdout": f"{mark}\n", "stderr": ""})
        return type("Server", (), {"run": lambda *_, **__: answer, "close": lambda _: None})()


def await_boot(*marks: str | WorkbenchError, limit: float = 60) -> None:
    door: Any = Door(*marks)
    with QUIET.phase("Restart") as phase:
        boots.await_next_boot(door, Boot("first"), phase, limit=limit)


def test_the_next_boot_has_other_marks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(boots, "INTERVAL", 0)
    await_boot("first", CUT, SILENT, SILENT, "second")
    # An old boot's last sshd finds no homes any more; a new one's may show unprinted keys.
    await_boot("first", RefusedError("no key"), OtherHostError("another"), "second")
    with pytest.raises(WaitTimeoutError, match="did not reboot"):
        await_boot("first", limit=0)


def test_the_boot_that_is_to_end_is_asked_for_more_than_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(boots, "INTERVAL", 0)
    door: Any = Door(SILENT, CUT, "first")
    assert boots.boot_before(door) == Boot("first")
    monkeypatch.setattr(boots, "ASK_LIMIT", 0)
    door = Door(SILENT)
    assert boots.boot_before(door) == Boot()
