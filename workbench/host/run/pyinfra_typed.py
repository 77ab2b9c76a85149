"""pyinfra's decorators, with types that a type checker can follow.

pyinfra's own say that an operation's arguments are its global ones (``_sudo``, ``_retries`` …)
and then the function's, which no call by position fits. pyinfra itself is imported when something
is first used: it is on the server only, and modules with steps are read elsewhere, too.
"""

from collections.abc import Callable
from collections.abc import Iterator
from functools import cached_property
from functools import update_wrapper
from importlib import import_module
from typing import Any
from typing import cast

from workbench.host.settings import Settings

# What an operation yields: shell commands, or commands of another operation it contains.
Commands = Iterator[Any]
Step = Callable[[Settings], None]
Operation = Callable[..., Any]


class _Late:
    """Something of pyinfra's, made when it is first used."""

    def __init__(self, make: Callable[[], Any]) -> None:
        self._make = make

    @cached_property
    def _made(self) -> Any:
        return self._make()

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        return self._made(*arguments, **named)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._made, name)


files: Any = _Late(lambda: import_module("pyinfra.operations.files"))
StringCommand: Any = _Late(lambda: import_module("pyinfra.api.command").StringCommand)


def operation(function: Callable[..., Commands]) -> Operation:
    """Make a function that yields commands an operation."""
    made = _Late(lambda: import_module("pyinfra.api.operation").operation()(function))
    return cast(Operation, update_wrapper(made, function))


def step(title: str) -> Callable[[Step], Step]:
    """Make a function that calls operations a step, as people see it."""

    def decorate(function: Step) -> Step:
        made = _Late(lambda: import_module("pyinfra.api.deploy").deploy(title)(function))
        return cast(Step, update_wrapper(made, function))

    return decorate


def __getattr__(name: str) -> Any:
    # A class that others ask ``isinstance`` of has to be the class itself.
    if name == "FileUpload":
        return import_module("pyinfra.api.command").FileUploadCommand
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
