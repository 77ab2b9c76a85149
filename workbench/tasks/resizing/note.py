"""A note of a resize under way, so that one that was cut off can be finished, or undone."""

from dataclasses import dataclass

from workbench.tasks.note_file import NoteFile


@dataclass(frozen=True)
class Note:
    """What the server is to become, and what it was: its type, and the configuration's word."""

    wanted: str
    before: str
    configured: str | None


NOTE = NoteFile("resize.json", Note)
