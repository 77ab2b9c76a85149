"""A task changes a stack: shown, agreed to, through its configuration."""

from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from workbench.engine.changes import Changes
from workbench.errors import ConfigError
from workbench.errors import WorkbenchError
from workbench.progress import Progress
from workbench.remote.stack_state import StackState
from workbench.tasks.changes import apply as changing
from workbench.tasks.changes.guard import Change

QUIET = Progress(quiet=True)
ONE_UPDATE = Changes({"update": 1, "same": 30})
NONE = Changes({"same": 31})


class FakeStack:
    """A stack whose configuration is a file, and whose preview is given."""

    def __init__(self, path: Path, preview: Changes | Exception) -> None:
        self.path, self._preview = path, preview
        self.applied = False

    @contextmanager
    def trying_config(self, values: dict[str, Any]) -> Any:
        before = self.path.read_text()
        self.path.write_text(f"{before}{values}\n")
        try:
            yield True
        except BaseException:
            self.path.write_text(before)
            raise

    def preview(self) -> Changes:
        if isinstance(self._preview, Exception):
            raise self._preview
        return self._preview

    def up(self) -> Changes:
        self.applied = True
        return ONE_UPDATE


@pytest.fixture
def stack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    path = tmp_path / "Pulumi.prod.yaml"
    path.write_text("config: {}\n")

    def make(preview: Changes | Exception) -> FakeStack:
        fake = FakeStack(path, preview)
        monkeypatch.setattr("workbench.engine.stacks.open_stack", lambda *_: fake)
        return fake

    return make


def change(**options: Any) -> Changes:
    values = {"workbench:instanceType": "m7i.large"}
    return changing.change_configuration(
        StackState("prod"), values, QUIET, Change.RESIZE, **options
    )


def test_a_change_is_previewed_and_applied(stack: Any) -> None:
    fake = stack(ONE_UPDATE)
    assert change() == ONE_UPDATE
    assert fake.applied
    assert "m7i.large" in fake.path.read_text()


@pytest.mark.parametrize(
    ("preview", "options", "said"),
    [
        (ConfigError("No such instance type.", "x"), {}, "No such instance type"),
        (NONE, {}, "doesn't seem to read"),
    ],
)
def test_what_pulumi_refuses_leaves_the_configuration_as_it_was(
    stack: Any, preview: Any, options: Any, said: str
) -> None:
    fake = stack(preview)
    with pytest.raises(WorkbenchError, match=said):
        change(**options)
    assert not fake.applied
    assert fake.path.read_text() == "config: {}\n"


def test_what_the_task_refuses_leaves_the_configuration_as_it_was(stack: Any) -> None:
    fake = stack(Changes({"replace": 1}))

    def refuse(changes: Changes) -> None:
        assert changes.total == 1
        raise WorkbenchError("It would replace the server.")

    with pytest.raises(WorkbenchError, match="would replace"):
        change(check=refuse)
    assert not fake.applied
    assert fake.path.read_text() == "config: {}\n"


def test_a_dry_run_shows_the_plan_and_does_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert not changing.confirm(["Stop it."], "workbench stop", yes=True, dry_run=True)
    printed = capsys.readouterr().out
    assert "Stop it." in printed
    assert "dry run" in printed


def test_without_a_terminal_the_command_for_scripts_is_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("sys.stdin", None)
    with pytest.raises(WorkbenchError) as refused:
        changing.confirm(["Stop it."], "workbench stop", yes=False, dry_run=False)
    assert refused.value.hint == "workbench stop --yes"


def test_a_no_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(changing, "agree", lambda what, scripted: False)
    with pytest.raises(WorkbenchError, match="Nothing was changed"):
        changing.confirm(["Stop it."], "workbench stop", yes=False, dry_run=False)


def test_an_interruption_says_what_exists() -> None:
    with (
        pytest.raises(changing.Interrupted) as stopped,
        changing.interruptible("the server exists", "workbench up"),
    ):
        raise KeyboardInterrupt
    assert (stopped.value.exit_code, stopped.value.hint) == (130, "workbench up")


def test_a_dry_run_starts_no_rehearsal(monkeypatch: pytest.MonkeyPatch) -> None:
    stopped = StackState("rehearsal-lab", {"instance_id": "i-1"})
    monkeypatch.setattr(changing, "read_stack", lambda *_: stopped)
    monkeypatch.setattr(changing, "ensure_rehearsal", lambda *_: pytest.fail("started"))
    monkeypatch.setattr(changing, "select_stack", str)
    working = changing.working_on("rehearsal-lab", "resize", dry_run=True)
    with pytest.raises(WorkbenchError, match="'lab' is not running, and a dry run") as refused:
        working.__enter__()
    assert refused.value.hint == "workbench rehearsal.start --name lab"
