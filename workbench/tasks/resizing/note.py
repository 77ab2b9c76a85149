"""A note of a resize under way, so that one that was cut off can be finished, or undone."""

import json
from dataclasses import asdict
from dataclasses import dataclass
from pathlib import Path

from workbench.tasks.stack_state import StackState

FILE = "resize.json"


@dataclass(frozen=True)
class Note:
    """What the server is to become, and what it was: its type, and the configuration's word."""

    wanted: str
    before: str
    configured: str | None


def read_note(state: StackState) -> Note | None:
    """Return the note of a resize that hasn't ended; None where there is none."""
    try:
        return Note(**json.loads(_path(state).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def write_note(state: StackState, note: Note) -> None:
    """Keep a note before the first change."""
    path = _path(state)
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_suffix(".new")
    new.write_text(json.dumps(asdict(note)) + "\n", encoding="utf-8")
    new.replace(path)


def remove_note(state: StackState) -> None:
    """Forget the note: the resize has ended."""
    _path(state).unlink(missing_ok=True)


def _path(state: StackState) -> Path:
    return state.folder / FILE
