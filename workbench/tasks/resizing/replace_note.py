"""What a computer notes before two servers change places; all it costs to lose it is comfort."""

import json
from dataclasses import asdict
from dataclasses import dataclass
from dataclasses import field

from workbench.tasks.server.host_keys import Keys
from workbench.tasks.stack_state import StackState

FILE = "replace.json"


@dataclass(frozen=True)
class Note:
    """The server that served before: its instance, its host keys, and which checks it failed.

    Its keys, as its console may no longer show them when it serves again. Its failures, as
    what isn't the new server's fault is no reason to go back.
    """

    instance_id: str
    keys: Keys = ()
    failing: list[str] = field(default_factory=list)


def read_note(state: StackState) -> Note | None:
    """Return the note; None where there is none."""
    try:
        found = json.loads((state.folder / FILE).read_text(encoding="utf-8"))
        return Note(
            found["instance_id"],
            tuple((kind, key) for kind, key in found["keys"]),
            found["failing"],
        )
    except (OSError, ValueError, TypeError, KeyError):
        return None


def write_note(state: StackState, note: Note) -> None:
    """Keep the note."""
    path = state.folder / FILE
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_suffix(".new")
    new.write_text(json.dumps(asdict(note)) + "\n", encoding="utf-8")
    new.replace(path)


def remove_note(state: StackState) -> None:
    """Forget it: there is one server again."""
    (state.folder / FILE).unlink(missing_ok=True)
