"""A rotation replaces one key, the one that was shown, however often it was interrupted."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from dataclasses import field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from workbench.configured import FURTHER_KEYS
from workbench.configured import PUBLIC_KEY
from workbench.configured import Configured
from workbench.progress import Progress
from workbench.remote.ssh_target import Door
from workbench.remote.ssh_target import RefusedError
from workbench.remote.ssh_target import UnreachableError
from workbench.remote.stack_state import StackState
from workbench.tasks.ssh import rotation
from workbench.tasks.ssh.key_files import make_key_pair
from workbench.tasks.users.public_keys import fingerprint

QUIET = Progress(quiet=True)


@dataclass
class Lab:
    """A stack with two keys, both on this computer, and how often a rotation gets through."""

    folder: Path
    config: dict[str, str]
    power: str = "running"
    applied: list[list[str]] = field(default_factory=list)
    cut: Callable[[str], None] = lambda at: None

    def state(self) -> StackState:
        outputs = {"instance_id": "i-1", "address": "203.0.113.7"}
        state = StackState("lab", outputs, dict(self.config))
        state.aws = lambda service: SimpleNamespace(  # type: ignore[method-assign]
            describe_instances=lambda Filters: {
                "Reservations": [{"Instances": [{"State": {"Name": self.power}}]}]
            }
        )
        return state

    @property
    def keys(self) -> list[str]:
        return Configured(self.config).all_administrator_keys

    def apply(self, state: StackState, values: dict[str, Any], *_: Any) -> StackState:
        self.cut("apply")
        self.config[PUBLIC_KEY] = values[PUBLIC_KEY]
        self.config[FURTHER_KEYS] = json.dumps(values[FURTHER_KEYS] or [])
        self.applied.append(self.keys)
        return self.state()

    def move(self, source: Path, target: Path) -> None:
        self.cut("move")
        MOVE(source, target)

    def rotate(self, *, dry_run: bool = False) -> None:
        rotation.rotate(self.state(), QUIET, yes=True, dry_run=dry_run)

    def rotate_cut(self, at: str, *, after: int = 0) -> None:
        """Begin a rotation that is killed at a step, after it was done so many times."""
        steps = iter(range(100))

        def cut(step: str) -> None:
            if step == at and next(steps) >= after:
                raise KeyboardInterrupt

        self.cut = cut
        with pytest.raises(KeyboardInterrupt):
            self.rotate()
        self.cut = lambda step: None

    def left(self) -> list[str]:
        return sorted(path.name for path in self.folder.iterdir() if ".next" in path.name)


MOVE = rotation.move_key_pair


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lab:
    monkeypatch.setenv("WORKBENCH_SSH_DIR", str(tmp_path / "ssh"))
    monkeypatch.setenv("HOME", str(tmp_path))
    first, second = (make_key_pair(tmp_path / "ssh" / name, name) for name in ("first", "second"))
    lab = Lab(tmp_path / "ssh", {PUBLIC_KEY: first, FURTHER_KEYS: json.dumps([second])})

    def open_door(door: Door) -> Any:
        if door.key.key.get_base64() not in " ".join(lab.keys).split():
            raise RefusedError("It refuses the key.")
        return SimpleNamespace(close=lambda: None)

    monkeypatch.setattr(Door, "open", open_door)
    monkeypatch.setattr(Door, "enter", open_door)
    monkeypatch.setattr(rotation, "apply", lab.apply)
    monkeypatch.setattr(rotation, "move_key_pair", lab.move)
    return lab


def test_the_new_key_is_there_before_the_old_one_goes(lab: Lab, capsys: Any) -> None:
    first, second = lab.keys
    lab.rotate()
    both, after = lab.applied
    assert both[:2] == [first, second]
    assert after == [both[2], second]
    said = capsys.readouterr().out
    assert fingerprint(first) in said
    assert f"The old key no longer works: {lab.folder / 'first'}" in said
    assert lab.left() == []


def test_a_dry_run_notes_nothing(lab: Lab) -> None:
    lab.rotate(dry_run=True)
    assert (lab.applied, lab.left()) == ([], [])


@pytest.mark.parametrize(("at", "after"), [("apply", 0), ("apply", 1), ("move", 0)])
def test_one_that_was_cut_off_replaces_the_key_that_was_shown_and_no_other(
    lab: Lab, at: str, after: int, capsys: Any
) -> None:
    first, second = lab.keys
    lab.rotate_cut(at, after=after)
    capsys.readouterr()
    lab.rotate()
    said = capsys.readouterr().out
    assert "Continue the rotation that was started" in said
    assert fingerprint(first) in said
    assert fingerprint(second) not in said
    assert len(lab.keys) == 2
    assert second in lab.keys
    assert first not in lab.keys
    assert lab.left() == []


def test_a_sign_in_that_is_cut_off_is_no_answer_of_the_old_key(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened, cut_off = Door.open, [1, 2]

    def open_door(door: Door) -> Any:
        if cut_off:
            cut_off.pop()
            raise UnreachableError("It was interrupted.")
        return opened(door)

    monkeypatch.setattr(Door, "open", open_door)
    monkeypatch.setattr(rotation, "INTERVAL", 0)
    lab.rotate()
    assert (cut_off, lab.left()) == ([], [])
    monkeypatch.setattr(rotation, "REFUSAL_LIMIT", 0)
    cut_off.append(1)
    with pytest.raises(UnreachableError):
        lab.rotate()


def test_the_next_rotation_chooses_anew(lab: Lab) -> None:
    lab.rotate()
    new, second = lab.keys
    lab.rotate()
    assert new not in lab.keys
    assert second in lab.keys


@pytest.mark.parametrize(("power", "told"), [("running", False), ("stopped", True)])
def test_a_plan_says_that_a_stopped_server_is_started(
    lab: Lab, power: str, told: bool, capsys: Any
) -> None:
    lab.power = power
    lab.rotate(dry_run=True)
    said = capsys.readouterr().out
    assert ("The server is started for this, and keeps running." in said) is told
