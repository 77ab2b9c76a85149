"""What people read is broken between words, and what they copy never."""

import io

import pytest
from rich.console import Console

from workbench.folding import fold
from workbench.progress import Progress
from workbench.tasks.changes import asking

SENTENCE = "This removes the workbench of the stack prod."
PATH = "/a/path/that-is/longer-than/any-of/the-lines"


def test_sentences_are_broken_between_words() -> None:
    assert fold(SENTENCE, 22) == "This removes the\nworkbench of the stack\nprod."


def test_commands_paths_and_empty_lines_stay() -> None:
    text = f"Details: {PATH}\n\n  workbench destroy --stack prod --yes"

    assert fold(text, 20) == f"Details:\n{PATH}\n\n  workbench destroy --stack prod --yes"


@pytest.mark.parametrize("terminal", [True, False])
def test_what_is_said_is_folded_at_a_terminal_alone(terminal: bool) -> None:
    shown = io.StringIO()
    console = Console(file=shown, width=23, force_terminal=terminal, highlight=False)

    Progress(console=console).say(SENTENCE)

    expected = fold(SENTENCE, 22) if terminal else SENTENCE
    assert shown.getvalue() == f"{expected}\n"


class Terminal(io.StringIO):
    """A person at a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("typed", "agreed"), [("y\n", True), ("\n", False), ("", False)])
def test_a_question_is_folded(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    typed: str,
    agreed: bool,
) -> None:
    monkeypatch.setenv("COLUMNS", "23")
    monkeypatch.setattr("sys.stdin", Terminal(typed))

    assert asking.agree(SENTENCE, "workbench destroy --yes") is agreed
    assert capsys.readouterr().err == f"{fold(SENTENCE, 22)}\nContinue? [y/N] "
