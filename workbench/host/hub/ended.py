"""Jupyter's extension that says in JupyterLab what was ended for lack of memory.

JupyterLab by itself says that a kernel died, and not of what. The server writes the reason into a
note in the person's home; what is new in it goes to the person's open browsers, where the small
extension in ``lab`` shows it.
"""

import re
import stat
from pathlib import Path
from typing import Any

from tornado.ioloop import PeriodicCallback

NOTE = Path.home() / "ENDED-FOR-MEMORY.txt"
# Seconds between two looks; the note comes a moment after a program's end.
INTERVAL = 2
# The file in "lab" has the same.
SCHEMA = "https://workbench.invalid/ended-for-memory"
# Lines that say what was ended begin with a date.
ENDED = re.compile(r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d[^:]*: (.+ was ended\..*)$", re.MULTILINE)
MEMORY = re.compile(r", which had [^,]* of memory,")
MORE = "More in ENDED-FOR-MEMORY.txt."


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    """Say where the extension is."""
    return [{"module": __name__}]


def _load_jupyter_server_extension(app: Any) -> None:
    """Look now and then whether the note has more in it."""
    app.event_logger.register_event_schema(
        {
            "$id": SCHEMA,
            "version": "1",
            "title": "A program was ended for lack of memory",
            "type": "object",
            "properties": {"message": {"type": "string"}},
            "required": ["message"],
        }
    )
    seen = size()

    def look() -> None:
        nonlocal seen
        now = size()
        if now > seen and (message := latest(seen)):
            app.event_logger.emit(schema_id=SCHEMA, data={"message": message})
        seen = now

    PeriodicCallback(look, INTERVAL * 1000).start()


def size(note: Path = NOTE) -> int:
    """Return the note's size; 0 without one."""
    try:
        state = note.stat()
    except OSError:
        return 0
    return state.st_size if stat.S_ISREG(state.st_mode) else 0


def latest(begin: int, note: Path = NOTE) -> str | None:
    """Return what the note says last, from a place in it on: as much as JupyterLab shows."""
    try:
        with note.open("rb") as file:
            file.seek(begin)
            text = file.read(64 * 1024).decode(errors="replace")
    except OSError:
        return None
    found = ENDED.findall(text)
    return f"{MEMORY.sub('', found[-1])} {MORE}" if found else None
