"""Whose a rehearsal's commands are about."""

from pathlib import Path

import pytest

from workbench.errors import ConfigError
from workbench.errors import WorkbenchError
from workbench.progress import Progress
from workbench.rehearsal import control
from workbench.rehearsal.description import rehearsal_dir
from workbench.rehearsal.names import DEFAULT
from workbench.rehearsal.names import OWN_STACK
from workbench.rehearsal.names import place_stack
from workbench.rehearsal.names import rehearsal_of
from workbench.rehearsal.names import stack_name
from workbench.rehearsal.names import with_name


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("Start it: workbench rehearsal.start", "Start it: workbench rehearsal.start --name x"),
        ("workbench rehearsal.reset --name y", "workbench rehearsal.reset --name y"),
        (
            "workbench rehearsal.stop, or workbench rehearsal.status tells",
            "workbench rehearsal.stop --name x, or workbench rehearsal.status --name x tells",
        ),
        ("workbench status", "workbench status"),
    ],
)
def test_a_command_is_about_the_rehearsal_that_failed(text: str, named: str) -> None:
    assert with_name(text, "x") == named
    assert with_name(text, DEFAULT) == text


def test_a_rehearsal_that_does_not_start_says_how_to_start_that_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def busy(name: str, progress: Progress) -> None:
        raise WorkbenchError("Its port is taken.", "Stop that, then: workbench rehearsal.start")

    monkeypatch.setenv("WORKBENCH_STATE_DIR", str(tmp_path))
    monkeypatch.setattr(control, "check_computer", lambda: None)
    monkeypatch.setattr(control, "_running", busy)
    with pytest.raises(WorkbenchError) as raised:
        control.start("x", Progress(quiet=True))
    assert raised.value.hint == "Stop that, then: workbench rehearsal.start --name x"


@pytest.fixture
def own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Return the folder of a project whose stack `dev` lives in the rehearsal `trial`."""
    monkeypatch.setenv("WORKBENCH_STATE_DIR", str(tmp_path / "state"))
    project = tmp_path / "project"
    (project / "below").mkdir(parents=True)
    place_stack("trial", "dev", project)
    return project


def test_a_stack_of_ones_own_lives_in_a_rehearsal_for_its_project_alone(
    own: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(own / "below")
    assert (rehearsal_of("dev"), stack_name("trial")) == ("trial", "dev")
    assert rehearsal_of("organization/project/dev") == "trial"
    assert (rehearsal_of("prod"), stack_name("other")) == (None, "rehearsal-other")
    monkeypatch.chdir(tmp_path)
    assert (rehearsal_of("dev"), stack_name("trial")) == (None, "rehearsal-trial")


def test_a_rehearsal_has_one_stack_of_ones_own(own: Path, tmp_path: Path) -> None:
    place_stack("trial", "dev", own)
    with pytest.raises(ConfigError, match=r"is that of the stack dev in .*project already"):
        place_stack("trial", "test", own)
    with pytest.raises(ConfigError, match="is that of the stack dev"):
        place_stack("trial", "dev", tmp_path)


def test_what_cannot_be_read_is_nobodys(own: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (rehearsal_dir("trial") / OWN_STACK).write_text("{")
    monkeypatch.chdir(own)
    assert rehearsal_of("dev") is None
