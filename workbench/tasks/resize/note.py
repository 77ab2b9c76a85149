"""A note of a resize in progress, so that one that was interrupted can be finished, or undone."""

from dataclasses import dataclass
from dataclasses import field

from workbench.tasks.changes.note import NoteFile


@dataclass(frozen=True)
class Note:
    """What the server is to become, and what it was: its type, and the configuration's word.

    ``failing`` are the checks that failed before: they are no reason to call it unfinished.
    """

    wanted: str
    before: str
    configured: str | None
    failing: list[str] = field(default_factory=list)


NOTE = NoteFile("resize.json", Note)
