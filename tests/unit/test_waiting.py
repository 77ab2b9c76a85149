"""One way to wait: asked again until it is so, or the limit has passed."""

import time

import pytest

from workbench.waiting import wait_for


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Time that passes only where it is waited, and at once; give the pauses."""
    made: list[float] = []
    monkeypatch.setattr(time, "monotonic", lambda: sum(made))
    monkeypatch.setattr(time, "sleep", made.append)
    return made


def test_the_first_answer_that_counts_is_returned(pauses: list[float]) -> None:
    answers = iter([0, "", "there"])

    assert wait_for(lambda: next(answers), limit=10, interval=2) == "there"
    assert pauses == [2, 2]


def test_at_the_limit_the_last_answer_is_returned(pauses: list[float]) -> None:
    assert wait_for(lambda: None, limit=3, interval=1) is None
    assert pauses == [1, 1, 1]


def test_a_refusal_is_asked_again_and_raised_at_the_limit(pauses: list[float]) -> None:
    def refuse() -> bool:
        raise ConnectionRefusedError("still closed")

    with pytest.raises(ConnectionRefusedError, match="still closed"):
        wait_for(refuse, limit=2, again=OSError)
    assert pauses == [1, 1]


def test_another_exception_ends_the_wait(pauses: list[float]) -> None:
    with pytest.raises(ZeroDivisionError):
        wait_for(lambda: 1 // 0, limit=5, again=OSError)
    assert pauses == []


def test_what_is_waited_for_is_shown_before_each_pause(pauses: list[float]) -> None:
    shown: list[str] = []
    wait_for(lambda: False, limit=2, waiting=lambda: shown.append("waiting for SSH"))
    assert shown == ["waiting for SSH"] * len(pauses)


def test_a_limit_may_be_known_only_once_it_was_asked(pauses: list[float]) -> None:
    limits = [1.0]

    def ask() -> None:
        if len(pauses) == 1:
            limits.append(4.0)

    assert wait_for(ask, limit=lambda: limits[-1]) is None
    assert len(pauses) == 4


def test_it_is_asked_once_without_a_limit(pauses: list[float]) -> None:
    assert wait_for(lambda: "now", limit=0) == "now"
    assert pauses == []
