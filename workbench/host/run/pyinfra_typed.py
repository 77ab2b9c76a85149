"""pyinfra's decorators, with types that a type checker can follow.

pyinfra's own say that an operation's arguments are its global ones (``_sudo``, ``_retries`` …)
and then the function's, which no call by position fits.
"""

from collections.abc import Callable
from collections.abc import Iterator
from typing import Any
from typing import Protocol
from typing import cast

from pyinfra.api.command import FileUploadCommand as FileUpload
from pyinfra.api.command import StringCommand
from pyinfra.api.deploy import deploy
from pyinfra.api.operation import OperationMeta
from pyinfra.api.operation import operation as _operation
from pyinfra.operations import files

from workbench.host.settings import Settings

__all__ = ["Commands", "FileUpload", "Step", "StringCommand", "files", "operation", "step"]

# What an operation yields: shell commands, or commands of another operation it contains.
Commands = Iterator[Any]
Step = Callable[[Settings], None]


class Operation(Protocol):
    """An operation: called with its function's arguments, ``name=`` and pyinfra's global ones."""

    def __call__(self, *arguments: Any, **named: Any) -> OperationMeta: ...


def operation(function: Callable[..., Commands]) -> Operation:
    """Make a function that yields commands an operation."""
    return cast(Operation, _operation()(cast(Any, function)))


def step(title: str) -> Callable[[Step], Step]:
    """Make a function that calls operations a step, as people see it."""
    return cast(Callable[[Step], Step], deploy(title))
