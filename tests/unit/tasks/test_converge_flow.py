"""A converge is shown first; Pulumi runs only where it has something to do."""

from types import SimpleNamespace
from typing import Any

import pytest

from workbench.engine.changes import Changes
from workbench.engine.state import Resource
from workbench.errors import WorkbenchError
from workbench.host.pack import PackedRecipe
from workbench.progress import Progress
from workbench.remote.recipe_run import Run
from workbench.remote.stack_state import StackState
from workbench.tasks.converge import converge as converge_flow
from workbench.tasks.converge.converge import converge_stack
from workbench.tasks.converge.server_plan import Finding
from workbench.tasks.converge.server_plan import Plan
from workbench.tasks.converge.wanted_state import Wanted

WANTED = Wanted(PackedRecipe("new", b""), "{}")
APPLIED = {"recipe_sha256": "new", "settings_sha256": WANTED.settings_sha256}
DONE = Run("ok", recipe="new", settings=WANTED.settings_sha256 or "")
FINDING = Finding("SSH", "Write it", ("/etc/x differs",), ("write /etc/x",), ())
SETTINGS = ("update", Resource("aws:s3/bucketObjectv2:BucketObjectv2", "lab-settings"))
INSTANCE = ("update", Resource("aws:ec2/instance:Instance", "lab-server"))
VOLUME = Resource("aws:ebs/volume:Volume", "lab-data")


class Bench:
    """A stack, its server and Pulumi, of which each says what it was asked to do."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.done: list[str] = []
        self.plans = [Plan(last=DONE)]
        self.changes = Changes({"update": 1}, (SETTINGS,))
        self.outputs: dict[str, Any] = dict(APPLIED)
        opened = SimpleNamespace(preview=self._preview, up=lambda: self.done.append("pulumi up"))
        for name, fake in {
            "read_wanted": lambda state: WANTED,
            "_ask": lambda state, wanted: self.plans.pop(0),
            "_open": lambda state, progress: opened,
            "read_stack": lambda stack, progress: self.state(),
            "converge_server": self._converge,
        }.items():
            monkeypatch.setattr(converge_flow, name, fake)

    def state(self) -> StackState:
        state = StackState("prod", self.outputs)
        vars(state)["server"] = SimpleNamespace(close=lambda: None)
        return state

    def _preview(self) -> Changes:
        self.done.append("preview")
        return self.changes

    def _converge(self, state: StackState, progress: Progress) -> Run:
        self.done.append("converge")
        return DONE

    def converge(self, *, yes: bool = True, dry_run: bool = False) -> None:
        converge_stack(self.state(), Progress(quiet=True), yes=yes, dry_run=dry_run)


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> Bench:
    return Bench(monkeypatch)


def test_with_nothing_to_do_nothing_is_done(
    bench: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    bench.converge(yes=False)

    assert bench.done == []
    assert "Nothing to change" in capsys.readouterr().out


def test_what_was_changed_by_hand_is_put_right_without_pulumi(
    bench: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    bench.plans = [Plan([FINDING], DONE)]

    bench.converge()

    assert bench.done == ["converge"]
    assert "write /etc/x" in capsys.readouterr().out


def test_new_settings_go_through_pulumi_first(
    bench: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    bench.outputs["settings_sha256"] = "older"
    bench.plans = [Plan([FINDING], DONE)]

    bench.converge()

    assert bench.done == ["preview", "pulumi up", "converge"]
    assert "update BucketObjectv2 lab-settings" in capsys.readouterr().out


def test_a_dry_run_shows_it_and_does_nothing(
    bench: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    bench.outputs["settings_sha256"] = "older"
    bench.plans = [Plan([FINDING], DONE)]

    bench.converge(yes=False, dry_run=True)

    assert bench.done == ["preview"]
    assert "this was a dry run" in capsys.readouterr().out


@pytest.mark.parametrize("other", [INSTANCE, ("replace", VOLUME)])
def test_what_would_stop_the_server_is_left_to_another_command(
    bench: Bench, other: tuple[str, Resource]
) -> None:
    bench.outputs["settings_sha256"] = "older"
    bench.changes = Changes({"update": 2}, (SETTINGS, other))

    with pytest.raises(WorkbenchError, match=rf"{other[0]} {other[1]}(.|\n)*workbench up"):
        bench.converge()

    assert bench.done == ["preview"]


def test_a_volume_that_grows_is_no_obstacle(bench: Bench) -> None:
    bench.outputs["settings_sha256"] = "older"
    bench.changes = Changes({"update": 2}, (SETTINGS, ("update", VOLUME)))

    bench.converge()

    assert bench.done == ["preview", "pulumi up", "converge"]


def test_an_applied_recipe_that_was_not_run_yet_is_run(
    bench: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    bench.plans = [Plan(last=Run("ok", recipe="old"))]

    bench.converge()

    assert bench.done == ["converge"]
    assert "nothing would change except the record" in capsys.readouterr().out


def test_a_converge_under_way_is_followed_before_anything_is_compared(bench: Bench) -> None:
    bench.plans = [Plan(is_busy=True), Plan(last=DONE)]

    bench.converge()

    assert bench.done == ["converge"]
    assert bench.plans == []


@pytest.fixture
def adding(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> Bench:
    """Return a stack whose program adds to the configuration, so that Pulumi changes nothing."""
    bench.outputs["settings_sha256"] = "with more"
    bench.changes = Changes({"same": 30})

    def plan(server: object, recipe: str, settings: str) -> Plan | None:
        return bench.plans.pop(0) if (recipe, settings) == ("new", "with more") else None

    monkeypatch.setattr(converge_flow, "plan_applied", plan)
    return bench


def test_what_a_program_adds_to_the_configuration_is_nothing_to_change(
    adding: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    done = Run("ok", recipe="new", settings="with more")
    adding.plans = [Plan([FINDING], DONE), Plan(last=done, settings="with more")]

    adding.converge(yes=False)

    assert adding.done == ["preview"]
    assert "Nothing to change" in capsys.readouterr().out


def test_the_plan_is_about_what_the_stack_has_where_pulumi_changes_nothing(
    adding: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    other = Finding("SSH", "Write it", ("/etc/y differs",), ("write /etc/y",), ())
    adding.plans = [Plan([FINDING], DONE), Plan([other], DONE, settings="with more")]

    adding.converge()

    assert adding.done == ["preview", "converge"]
    said = capsys.readouterr().out
    assert "write /etc/y" in said
    assert "write /etc/x" not in said
    assert "doesn't have the stack's settings" not in said


def test_a_server_without_the_stacks_settings_is_told(
    adding: Bench, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(converge_flow, "plan_applied", lambda *_: None)
    monkeypatch.setattr(converge_flow, "plan_new", lambda *_: Plan([FINDING], DONE))

    adding.converge()

    assert "doesn't have the stack's settings yet" in capsys.readouterr().out
