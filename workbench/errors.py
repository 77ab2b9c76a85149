"""Errors a user can do something about: what happened, why, and what to type next."""

import difflib
from collections.abc import Collection


class WorkbenchError(Exception):
    """Stop with one plain sentence and the next command.

    ``message`` says what and why in one sentence; ``hint`` is what to type or do next;
    ``exit_code`` is the process's exit code (never 0). Raised where the cause is known,
    printed in one place (``workbench.tasks.program``).
    """

    exit_code = 1

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}\n  {self.hint}" if self.hint else self.message


class ConfigError(WorkbenchError):
    """A value in the stack's configuration, or an argument of a component, is not usable."""

    exit_code = 2


class MissingToolError(WorkbenchError):
    """A program, a permission or a kind of computer that is needed isn't there."""

    exit_code = 3


class WaitTimeoutError(WorkbenchError):
    """Something did not happen within its limit."""

    exit_code = 4


def did_you_mean(name: str, known: Collection[str]) -> str:
    """Return a question after a sentence on a name that isn't known; nothing where none is near."""
    near = difflib.get_close_matches(name, known, 1)
    return f" Did you mean {near[0]}?" if near else ""
