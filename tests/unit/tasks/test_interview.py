"""Options win, then the person, then what is known; nobody is asked without a terminal."""

import io
from collections.abc import Callable
from collections.abc import Iterator

import pytest
from rich.console import Console

from workbench.errors import ConfigError
from workbench.errors import WorkbenchError
from workbench.tasks.init.interview import Interview

Type = Callable[..., Interview]


def small(text: str) -> int:
    if not text.isdecimal():
        raise WorkbenchError(f"{text!r} is no number.", "For example: 7")
    return int(text)


@pytest.fixture
def interview() -> Interview:
    """Give an interview without a terminal: pytest has closed standard input."""
    made = Interview("init", console=Console(file=io.StringIO(), width=80))
    assert not made.interactive
    return made


@pytest.fixture
def typing(interview: Interview, monkeypatch: pytest.MonkeyPatch) -> Iterator[Type]:
    """Give a function that returns an interview at which a person types these lines."""
    lines: list[str] = []

    def start(*typed: str) -> Interview:
        interview.interactive = True
        lines.extend(typed)
        return interview

    def take(prompt: str = "") -> str:
        if not lines:
            raise EOFError
        return lines.pop(0)

    monkeypatch.setattr("builtins.input", take)
    yield start
    assert not lines


def test_an_option_is_checked_and_nobody_is_asked(typing: Type) -> None:
    assert typing().answer("How many", "--count", " 3 ", small) == 3
    with pytest.raises(WorkbenchError, match="'x' is no number"):
        typing().answer("How many", "--count", "x", small, "1")
    with pytest.raises(ConfigError, match="--count is empty"):
        typing().answer("How many", "--count", " ", small, "1")


def test_a_wrong_answer_is_asked_again(typing: Type) -> None:
    interview = typing("many", "", "7")

    assert interview.answer("How many", "--count", None, small) == 7
    shown = interview.console.file
    assert isinstance(shown, io.StringIO)
    assert shown.getvalue().count("How many: ") == 3
    assert "'many' is no number.\n  For example: 7\n" in shown.getvalue()


def test_enter_takes_the_default(typing: Type) -> None:
    assert typing("").answer("How many", "--count", None, small, "4") == 4


def test_without_a_terminal_the_default_is_taken_or_the_option_named(interview: Interview) -> None:
    assert interview.answer("How many", "--count", None, small, "4") == 4
    with pytest.raises(ConfigError, match=r"--count isn't given \(How many\)") as raised:
        interview.answer("How many", "--count", None, small)
    assert raised.value.hint == "workbench init --count …"
    interview.say("This is said to nobody.")
    assert interview.console.file.getvalue() == ""  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("typed", "agreed"), [("y", True), ("", True), ("no", False), ("Yes", True)]
)
def test_yes_or_no(typing: Type, typed: str, agreed: bool) -> None:
    assert typing(typed).agrees("Make one?", given=False) is agreed


def test_an_option_agrees_and_without_a_terminal_nobody_does(interview: Interview) -> None:
    assert interview.agrees("Make one?", given=True)
    assert not interview.agrees("Make one?", given=False)


def test_the_end_of_the_input_ends_the_line(typing: Type) -> None:
    interview = typing()
    with pytest.raises(EOFError):
        interview.answer("How many", "--count", None, small, "4")
    assert interview.console.file.getvalue().endswith(": \n")  # type: ignore[attr-defined]
