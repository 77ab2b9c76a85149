"""What a computer notes before two servers change places; all it costs to lose it is comfort."""

from collections.abc import Iterable
from dataclasses import dataclass
from dataclasses import field

from workbench.remote.host_keys import Keys
from workbench.tasks.changes.note import NoteFile


@dataclass(frozen=True)
class Note:
    """The server that served before: its instance, its host keys, and which checks it failed.

    Its keys, as its console may no longer show them when it serves again. Its failures, as
    what isn't the new server's fault is no reason to go back.
    """

    instance_id: str
    keys: Keys = ()
    failing: list[str] = field(default_factory=list)


def _from_json(instance_id: str, keys: Iterable[tuple[str, str]], failing: list[str]) -> Note:
    return Note(instance_id, tuple((kind, key) for kind, key in keys), failing)


NOTE = NoteFile("replace.json", _from_json)
