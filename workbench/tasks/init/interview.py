"""Answers to a task's questions: from its options, else from the person at the terminal."""

import sys
from collections.abc import Callable
from typing import TypeVar

from rich.console import Console
from rich.prompt import Prompt
from rich.text import Text

from workbench.errors import ConfigError
from workbench.errors import WorkbenchError
from workbench.plain_console import PlainConsole

T = TypeVar("T")

# Gets an answer as it was typed; returns what it means, or raises WorkbenchError.
Check = Callable[[str], T]


class Interview:
    """Ask what no option says; without a terminal take the default, or name the option.

    ``command`` is the task's name, for hints.
    """

    def __init__(self, command: str, *, console: Console | None = None) -> None:
        self._command = command
        self.console = console or PlainConsole(stderr=True)
        # None where standard input is closed.
        self.interactive = sys.stdin is not None and sys.stdin.isatty()

    def answer(
        self, question: str, option: str, given: str | None, check: Check[T], default: str = ""
    ) -> T:
        """Return the answer to one question, checked.

        ``option`` is its name, as it is typed, and ``given`` its value. A wrong answer at the
        terminal is asked again; a wrong option ends the task, as an error that names it.
        """
        if given is not None:
            return _checked_option(option, given, check)
        if self.interactive:
            return self._ask(question, check, default)
        if not default:
            raise ConfigError(
                f"There is no terminal to ask you on, and {option} isn't given ({question}).",
                f"workbench {self._command} {option} …",
            )
        return check(default)

    def agrees(self, question: str, *, given: bool) -> bool:
        """Return whether the person says yes; ``given`` where an option already does."""
        if given or not self.interactive:
            return given
        return self._ask(f"{question} (y/n)", _yes_or_no, "y")

    def say(self, text: str) -> None:
        """Explain something before a question; not where nobody is asked."""
        if self.interactive:
            self.console.print(Text(text))

    def _ask(self, question: str, check: Check[T], default: str) -> T:
        while True:
            answer = self._read(question, default)
            try:
                return check(answer.strip())
            except WorkbenchError as error:
                self.console.print(Text(str(error), "red"))

    def _read(self, question: str, default: str) -> str:
        try:
            return Prompt.ask(
                Text(question), console=self.console, default=default, show_default=bool(default)
            )
        except (KeyboardInterrupt, EOFError):
            # What is said next isn't part of the answer's line.
            self.console.print()
            raise


def _checked_option(option: str, given: str, check: Check[T]) -> T:
    text = given.strip()
    if not text:
        raise ConfigError(f"{option} is empty.", f"{option} VALUE")
    return check(text)


def _yes_or_no(answer: str) -> bool:
    if answer.lower() not in ("y", "yes", "n", "no"):
        raise WorkbenchError("Please answer y or n.")
    return answer.lower().startswith("y")
