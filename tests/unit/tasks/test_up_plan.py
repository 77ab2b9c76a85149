"""What `up` would do is told without doing any of it."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from workbench.engine.changes import Changes
from workbench.engine.failures import StackMissingError
from workbench.engine.state import Resource
from workbench.progress import Progress
from workbench.tasks import up_plan

QUIET = Progress(quiet=True)
SERVER = Resource("Instance", "lab-server-instance", "i-1")


def test_a_rehearsal_that_does_not_run_is_not_started(state_dir: Path) -> None:
    (line, *_) = up_plan.plan_up("rehearsal-lab", QUIET)
    assert "Start the cloud on this computer (rehearsal 'lab')" in line
    assert not state_dir.exists()


def test_a_stack_on_aws_that_was_never_configured_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def open_stack(*_: Any) -> None:
        raise StackMissingError.named("prod")

    monkeypatch.setattr("workbench.engine.stacks.open_stack", open_stack)
    with pytest.raises(StackMissingError) as missing:
        up_plan.plan_up("prod", QUIET)
    assert missing.value.hint == "workbench init --stack prod"


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        (Changes({"same": 38}), "Pulumi would change nothing."),
        (
            Changes(
                {"update": 1}, (("update", Resource("Instance", "lab-server-instance", "i-1")),)
            ),
            "lab-server-instance",
        ),
    ],
)
def test_the_changes_are_named(
    monkeypatch: pytest.MonkeyPatch, changes: Changes, told: str
) -> None:
    fake = SimpleNamespace(preview=lambda: changes)
    monkeypatch.setattr("workbench.engine.stacks.open_stack", lambda *_: fake)
    assert told in "\n".join(up_plan.plan_up("prod", QUIET))
