"""One process at a time."""

import time

import pytest

from workbench import locking
from workbench.errors import WaitTimeoutError


@pytest.fixture
def pauses(monkeypatch):
    """Time that passes only where the lock is waited for, and at once; give the pauses."""
    made = []
    monkeypatch.setattr(time, "monotonic", lambda: sum(made))
    monkeypatch.setattr(time, "sleep", made.append)
    return made


def test_a_lock_that_is_held_too_long_is_said(tmp_path, pauses):
    path, told = tmp_path / "lock", []
    with (
        locking.exclusive(path, "the engine", 1, told.append),
        pytest.raises(WaitTimeoutError, match="busy with the engine"),
        locking.exclusive(path, "the engine", 1, told.append),
    ):
        raise AssertionError("two hold the lock")
    assert sum(pauses) >= 1
    assert "waiting for it" in told[0]
    assert len(told) > 1
    told.clear()
    with locking.exclusive(path, "the engine", 1, told.append):
        assert not told


def test_a_wait_is_told_once_where_lines_stay():
    told = []
    tell = locking.once(told.append)

    tell("another command is busy; waiting for it")
    tell("another command is busy; waiting for it")

    assert told == ["Another command is busy; waiting for it …"]
