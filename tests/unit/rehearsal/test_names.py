"""Whose a rehearsal's commands are about."""

from pathlib import Path

import pytest

from workbench.errors import WorkbenchError
from workbench.progress import Progress
from workbench.rehearsal import control
from workbench.rehearsal.names import DEFAULT
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
