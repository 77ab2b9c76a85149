"""The order in which a workbench comes up, and what is told at its end."""

import io
from pathlib import Path
from typing import Any

import pytest
from invoke.context import Context
from invoke.exceptions import Exit
from rich.console import Console

from workbench.checks.check import Report
from workbench.checks.check import Result
from workbench.engine.changes import Changes
from workbench.engine.state import Resource
from workbench.engine.state import State
from workbench.errors import WorkbenchError
from workbench.progress import Progress
from workbench.remote import passwords
from workbench.remote.converging import is_current
from workbench.remote.recipe_run import Run
from workbench.remote.sessions import Activity
from workbench.remote.stack_state import StackState
from workbench.tasks.changes import apply as changing
from workbench.tasks.changes.working_people import People
from workbench.tasks.changes.working_people import PeopleAtWorkError
from workbench.tasks.up import bring_up
from workbench.tasks.up.tasks import up
from workbench.tasks.up.where_to_go import print_where_to_go


def quiet() -> Progress:
    return Progress(quiet=True)


class Opened:
    """A stack that would make two resources."""

    def __init__(self) -> None:
        self.done: list[str] = []

    def state(self) -> State:
        return State(resources=(Resource("aws:ec2/vpc:Vpc", "lab"),))

    name = "lab"

    def outputs(self) -> dict[str, str]:
        return {}

    def refresh(self) -> None:
        self.done.append("refresh")

    def export(self) -> dict[str, Any]:
        return {}

    def preview(self) -> Changes:
        self.done.append("preview")
        return Changes({"create": 2})

    def up(self) -> Changes:
        self.done.append("up")
        return Changes({"create": 2})


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> Opened:
    stack = Opened()
    monkeypatch.setattr("workbench.engine.stacks.open_stack", lambda *_, **__: stack)
    return stack


def test_aws_is_changed_only_after_a_yes(opened: Opened) -> None:
    with pytest.raises(WorkbenchError, match="Nothing was changed"):
        bring_up._apply_stack("lab", None, quiet(), lambda plan: False)
    assert opened.done == ["refresh", "preview"]
    opened.done.clear()
    assert bring_up._apply_stack("lab", None, quiet(), lambda plan: True) == "2 created"
    assert opened.done == ["refresh", "preview", "up"]


def test_a_stack_on_aws_that_is_not_there_is_not_made_unasked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from workbench.engine.stacks import StackMissingError

    def missing(*_: Any, **__: Any) -> None:
        raise StackMissingError("There is no stack.", "workbench up")

    monkeypatch.setattr("workbench.engine.stacks.open_stack", missing)
    with pytest.raises(WorkbenchError, match="workbench init --stack "):
        bring_up._apply_stack("lab", None, quiet(), lambda plan: True)


@pytest.mark.parametrize(
    ("recipe", "settings", "current"), [("aa", "bb", True), ("old", "bb", False), ("aa", "", False)]
)
def test_a_run_is_current_when_it_applied_what_the_stack_has(
    recipe: str, settings: str, current: bool
) -> None:
    state = StackState("lab", {"recipe_sha256": "aa", "settings_sha256": "bb"})
    assert is_current(Run("ok", recipe=recipe, settings=settings), state) is current


def test_an_interruption_names_both_ways_on() -> None:
    with (
        pytest.raises(WorkbenchError) as stopped,
        bring_up._up_interrupted("rehearsal", "the server exists"),
    ):
        raise KeyboardInterrupt
    assert stopped.value.exit_code == 130
    assert stopped.value.message == "Interrupted: the server exists."
    assert "workbench up --stack rehearsal" in stopped.value.hint
    assert "workbench destroy --stack rehearsal" in stopped.value.hint


class Rehearsed(StackState):
    """A stack of a rehearsal with one user."""

    def __init__(self, folder: Path) -> None:
        super().__init__("rehearsal", {"users": ["ada"], "address": "127.4.5.6"})
        self.rehearsal = object()  # type: ignore[assignment]
        self.__dict__["folder"] = folder

    address = None  # type: ignore[assignment]
    ca_certificate = Path("/state/ca.pem")  # type: ignore[assignment]


def hand_over(state: StackState, server: Any) -> dict[str, str]:
    told, refused = bring_up._hand_over_passwords(state, server, quiet(), from_stdin=False)
    assert not refused
    return told


def test_a_new_user_of_a_rehearsal_gets_a_password(tmp_path: Path, scripted: Any) -> None:
    server = scripted(lambda c: "ada L" if "--status" in c else "")
    told = hand_over(Rehearsed(tmp_path), server)
    kept = passwords.read_password(tmp_path, "ada")
    assert told == {"ada": f"cat {tmp_path / 'password-ada'}"}
    assert server.asked[-1] == ("sudo workbench-passwd ada", f"{kept}\n")


def test_a_kept_password_is_set_again_on_a_server_without_its_volume(
    tmp_path: Path, scripted: Any
) -> None:
    passwords.keep_password(tmp_path, "ada", "kept-secret")
    server = scripted(lambda c: "ada L" if "--status" in c else "")
    hand_over(Rehearsed(tmp_path), server)
    assert server.asked[-1][1] == "kept-secret\n"


def test_a_password_that_was_set_is_left_alone(tmp_path: Path, scripted: Any) -> None:
    server = scripted(lambda c: "ada P" if "--status" in c else None)
    assert hand_over(Rehearsed(tmp_path), server) == {"ada": "unchanged"}
    assert passwords.read_password(tmp_path, "ada") is None


def test_on_aws_nobody_gets_a_password_unasked(tmp_path: Path, scripted: Any) -> None:
    state = Rehearsed(tmp_path)
    state.rehearsal = None
    server = scripted(lambda c: "ada L" if "--status" in c else None)
    assert hand_over(state, server) == {
        "ada": "none yet: workbench users.password ada --stack rehearsal"
    }


def test_a_password_that_is_refused_is_all_that_is_missing(
    tmp_path: Path, scripted: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = Rehearsed(tmp_path)
    state.rehearsal = None
    server = scripted(lambda c: "ada L" if "--status" in c else None)
    monkeypatch.setattr("sys.stdin", io.StringIO("short\n"))
    told, refused = bring_up._hand_over_passwords(state, server, quiet(), from_stdin=True)
    assert told == {"ada": "none yet: workbench users.password ada --stack rehearsal"}
    assert refused == {"ada": "A password needs at least 8 characters."}


def test_a_refused_password_is_told_when_all_else_is_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    outcome = bring_up.Outcome(
        Rehearsed(tmp_path), "2 created", Run("ok"), {"ada": "none yet"}, [], {"ada": "Too short."}
    )
    monkeypatch.setattr(bring_up, "bring_up", lambda *_, **__: [outcome])
    monkeypatch.setattr(changing, "stack_progress", lambda *_: quiet())
    with pytest.raises(Exit) as end:
        up(Context(), stack="prod")
    assert end.value.code == 1
    assert "ready, but a password is missing: ada: Too short.\n  workbench users.p" in str(
        end.value.message
    )
    assert "none yet" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("outputs", "config"),
    [
        ({}, {"workbench:users": '[{"name":"ada"},{"name":"ben"}]'}),
        ({"users": ["ada", "ben"]}, {}),
    ],
)
def test_one_password_is_not_for_two_people(
    monkeypatch: pytest.MonkeyPatch, outputs: dict[str, Any], config: dict[str, str]
) -> None:
    state = StackState("prod", outputs, config)
    monkeypatch.setattr("workbench.engine.find.ensure_engine", lambda _: None)
    monkeypatch.setattr(bring_up, "read_each", lambda *_: [state])
    with pytest.raises(WorkbenchError, match=r"the stack prod has 2 \(ada, ben\)"):
        bring_up.bring_up("prod", quiet(), agree=lambda plan: True, password_stdin=True)


def test_one_password_is_for_one_person() -> None:
    bring_up._refuse_many([StackState("prod", config={"workbench:users": '[{"name":"ada"}]'})])
    bring_up._refuse_many([StackState("prod")])


def test_up_does_not_stop_the_server_under_someones_hands(
    opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = People([Activity("ana", "kernel", 1)])
    monkeypatch.setattr(bring_up, "look_ahead", lambda *_: (["The server stops."], people))
    with pytest.raises(PeopleAtWorkError, match="ana: 1 Jupyter kernel") as refused:
        bring_up._apply_stack("lab", None, quiet(), lambda plan: True)
    assert refused.value.hint == "workbench up --stack lab --force"
    assert opened.done == ["refresh", "preview"]
    bring_up._apply_stack("lab", None, quiet(), lambda plan: True, force=True)
    assert opened.done[-1] == "up"


@pytest.mark.parametrize("failed", [[], [Report("dns", Result.FAIL, "stale", "wait")]])
def test_where_to_go_is_told(tmp_path: Path, failed: list[Report]) -> None:
    state = Rehearsed(tmp_path)
    state.outputs = {"url": "https://workbench.localhost/"}
    outcome = bring_up.Outcome(state, "2 created", Run("ok"), {"ada": "cat /p"}, failed)
    out = io.StringIO()
    print_where_to_go(outcome, Console(file=out, width=80, highlight=False))
    text = out.getvalue()
    assert ("The workbench is ready" in text) is not failed
    for needed in ("https://workbench.localhost/", "ada", "cat /p", "/state/ca.pem", "status"):
        assert needed in text
    assert max(map(len, text.splitlines())) <= 80


def test_why_browsers_warn_of_an_address_is_told_at_the_end(tmp_path: Path) -> None:
    fix = "workbench converge --stack rehearsal"
    warning = Report("certificate", Result.WARN, "10.0.0.1 has a self-signed certificate", fix)
    outcome = bring_up.Outcome(Rehearsed(tmp_path), "no changes", Run("ok"), {}, [warning])
    out = io.StringIO()
    print_where_to_go(outcome, Console(file=out, width=80, highlight=False))
    assert "has a self-signed certificate" in out.getvalue()
    assert fix in out.getvalue()


def two(tmp_path: Path) -> list[StackState]:
    """Return a stack's two workbenches."""
    told = {name: {"instance_id": f"i-{name}", "users": ["ada"]} for name in ("one", "two")}
    states = []
    for name, outputs in told.items():
        others = {other: each for other, each in told.items() if other != name}
        states.append(StackState("dev", outputs, workbench=name, others=others))
        states[-1].__dict__["folder"] = tmp_path
    return states


def test_each_workbench_of_a_stack_is_made_usable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []

    def note(what: str) -> Any:
        return lambda state, *_, **__: done.append(f"{what} {state.workbench}")

    states = two(tmp_path)
    monkeypatch.setattr("workbench.engine.find.ensure_engine", lambda _: None)
    monkeypatch.setattr(bring_up, "ensure_rehearsal", lambda *_: None)
    monkeypatch.setattr(bring_up, "_apply_stack", lambda *_, **__: "2 created")
    monkeypatch.setattr(bring_up, "read_each", lambda *_: states)
    monkeypatch.setattr(bring_up, "converge_server", note("converge"))
    monkeypatch.setattr(bring_up, "follow", lambda _: [])
    monkeypatch.setattr(bring_up, "wait_usable", lambda *_: None)
    monkeypatch.setattr(
        bring_up,
        "run_on_each",
        lambda targets, *_: [
            [Report(each.outputs["instance_id"], Result.PASS, "", "")] for each in targets
        ],
    )
    monkeypatch.setattr(
        bring_up,
        "_hand_over_passwords",
        lambda state, *_, **__: ({"ada": f"none yet, on {state.workbench}"}, {}),
    )
    monkeypatch.setattr(StackState, "server", None)
    outcomes = bring_up.bring_up(
        "dev", quiet(), agree=lambda plan: True, password_stdin=False, force=False
    )
    assert done == ["converge one", "converge two"]
    assert [each.passwords["ada"] for each in outcomes] == ["none yet, on one", "none yet, on two"]
    assert [[report.name for report in each.reports] for each in outcomes] == [["i-one"], ["i-two"]]


@pytest.mark.parametrize(
    ("state", "which"),
    [
        (StackState("dev", {"vpc": "vpc-1"}), ""),
        (StackState("dev", {"url": "https://x/"}, workbench="one"), " of its workbench one"),
    ],
)
def test_a_program_that_exports_no_server_is_told_how(state: StackState, which: str) -> None:
    with pytest.raises(WorkbenchError, match=rf"exports no server{which} \(instance_id\)") as said:
        bring_up._refuse_none([state])
    assert 'pulumi.export("workbenches", {"lab": lab.outputs})' in said.value.hint


def test_of_two_workbenches_each_is_told_with_its_own_commands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    failed = [Report("hub", Result.FAIL, "silent", "")]
    one, second = two(tmp_path)
    outcomes = [
        bring_up.Outcome(one, "2 created", Run("ok"), {}, []),
        bring_up.Outcome(second, "2 created", Run("ok"), {}, failed),
    ]
    monkeypatch.setattr(bring_up, "bring_up", lambda *_, **__: outcomes)
    monkeypatch.setattr(changing, "stack_progress", lambda *_: quiet())
    with pytest.raises(Exit) as end:
        up(Context(), stack="dev")
    said = capsys.readouterr().out
    assert "The workbench one is ready" in said
    assert "workbench check --stack dev --workbench one" in said
    assert "The workbench two is up" in said
    assert "The workbench two exists, but 1 of its checks fail." in str(end.value.message)
    assert "workbench doctor --stack dev --workbench two" in str(end.value.message)
    set_it = bring_up.set_password_command(second, "ada")
    assert set_it == "workbench users.password ada --stack dev --workbench two"
