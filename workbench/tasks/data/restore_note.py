"""A note of a restore in progress, so that one that was interrupted can be finished, or undone."""

from dataclasses import dataclass
from dataclasses import field

from workbench.tasks.changes.note import NoteFile


@dataclass(frozen=True)
class Note:
    """What is restored, the volume that was used before, and what the configuration said then.

    ``failing`` are the checks that failed before: they are no reason to go back.
    """

    snapshot: str
    old_volume: str
    configuration: dict[str, str | None]
    failing: list[str] = field(default_factory=list)


NOTE = NoteFile("restore.json", Note)
