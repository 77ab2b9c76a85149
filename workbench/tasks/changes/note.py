"""A note that a command keeps while it works, so that one that was interrupted can be finished."""

import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING
from typing import Generic
from typing import TypeVar

from workbench.remote.stack_state import StackState
from workbench.writing import put_file

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

NoteT = TypeVar("NoteT", bound="DataclassInstance")


class NoteFile(Generic[NoteT]):
    """Where a stack's note of one kind is: a file in the folder of what belongs to the stack.

    Another project's stack may have the same name, and so the same folder: the workbench's bucket
    tells whose note it is. ``make`` takes the note's fields as JSON gives them, by name.
    """

    def __init__(self, name: str, make: Callable[..., NoteT]) -> None:
        self._name = name
        self._make = make

    def read(self, state: StackState) -> NoteT | None:
        """Return the note; None where there is none, or none that can be understood."""
        try:
            paths = self._paths(state)
            path = next((each for each in paths if each.exists()), paths[0])
            return self._make(**json.loads(path.read_text("utf-8")))
        except (OSError, ValueError, TypeError):
            return None

    def write(self, state: StackState, note: NoteT) -> None:
        """Keep a note: whole, or the one before it stays."""
        put_file(self._paths(state)[0], json.dumps(asdict(note)) + "\n")

    def remove(self, state: StackState) -> None:
        """Forget the note: what it was kept for has ended."""
        for path in self._paths(state):
            path.unlink(missing_ok=True)

    def _paths(self, state: StackState) -> list[Path]:
        """Return where the note goes, and where earlier versions had it."""
        bucket = state.outputs.get("bucket")
        own = [state.folder / f"{bucket}-{self._name}"] if bucket else []
        return [*own, state.folder / self._name]
