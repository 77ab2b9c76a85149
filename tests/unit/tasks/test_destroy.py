"""What a destroy keeps, and what it deletes, is told before it begins."""

from typing import Any

import pytest
from invoke.context import Context

from workbench.engine import stacks
from workbench.tasks import stack_state
from workbench.tasks.destroy import destroy
from workbench.tasks.destroy import keeps
from workbench.tasks.stack_state import StackState

VOLUME = {"type": "aws:ebs/volume:Volume", "id": "vol-1"}
INSTANCE = {"type": "aws:ec2/instance:Instance", "id": "i-1"}


class Stack:
    """A stack with a server and a volume; what is done to it is written down."""

    def __init__(self) -> None:
        self.volume: dict[str, Any] = {**VOLUME, "retainOnDelete": True}
        self.done: list[str] = []

    def export(self) -> dict[str, Any]:
        return {"resources": [INSTANCE, self.volume]}

    def destroy(self) -> None:
        self.done.append("destroy")


@pytest.fixture
def stack(monkeypatch: pytest.MonkeyPatch) -> Stack:
    made = Stack()
    state = StackState("prod", {"data_volume_id": "vol-1"})
    monkeypatch.setattr(stacks, "open_stack", lambda *_: made)
    monkeypatch.setattr(stack_state, "read_stack", lambda *_: state)
    return made


def test_a_volume_that_is_kept_is_told_with_how_to_use_it_again(
    stack: Stack, capsys: pytest.CaptureFixture[str]
) -> None:
    destroy(Context(), stack="prod", yes=True)

    said = capsys.readouterr().out
    assert stack.done == ["destroy"]
    assert "The data volume vol-1 is kept." in said
    assert "  pulumi config set workbench:dataVolumeId vol-1 --stack prod\n" in said


def test_a_volume_that_goes_is_told_before_and_not_called_kept(
    stack: Stack, capsys: pytest.CaptureFixture[str]
) -> None:
    stack.volume = VOLUME
    destroy(Context(), stack="prod", dry_run=True)
    planned = capsys.readouterr().out
    destroy(Context(), stack="prod", yes=True)
    said = capsys.readouterr().out

    assert "and DELETES the data volume vol-1, with all homes" in planned
    assert "workbench:keepDataVolume true --stack prod" in planned
    assert stack.done == ["destroy"]
    assert "kept" not in said.lower()


@pytest.mark.parametrize(
    ("resources", "kept"),
    [
        ([VOLUME], False),
        ([{**VOLUME, "retainOnDelete": True}], True),
        # Another stack's volume, which this one only reads; and one it knows nothing of.
        ([{**VOLUME, "external": True}], True),
        ([INSTANCE], True),
        (None, True),
    ],
)
def test_what_is_kept_is_what_the_engine_will_keep(resources: Any, kept: bool) -> None:
    assert keeps({"resources": resources}, "vol-1") is kept
