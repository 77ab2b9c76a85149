"""The one place that keeps what others wrote from acting on a person's terminal.

A process, a file, a key's comment, a line of a log: whoever works on the server chooses their
names, and a terminal obeys what it reads (colors, its title, hidden links, text that runs
backward). So all that a task prints passes here on its way out, and what isn't plain text is
shown as an escape. Programs that get the terminal to themselves (SSH) are not affected.
"""

import json
import sys
import unicodedata
from collections.abc import Iterable
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO
from typing import Any
from typing import cast

# What a layout of our own is made of.
TAB = "\t"
LAYOUT = f"\n{TAB}"
# Where str.splitlines ends a line.
_BREAKS = "\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029"
# A name that is longer tells nobody more.
LONGEST_NAME = 80


def escape(text: str, keep: str = LAYOUT) -> str:
    """Return the text with everything but plain characters as JSON writes an escape.

    Control characters, what changes the direction of writing, and what can't be seen. ``keep``
    are those that stay as they are.
    """
    if text.isprintable():
        return text
    return "".join(each if _is_plain(each) or each in keep else _escaped(each) for each in text)


def escape_name(text: str, longest: int = LONGEST_NAME) -> str:
    """Return a name for the middle of a line: it begins no other, and it isn't endless."""
    shown = escape(text, keep="")
    return shown if len(shown) <= longest else f"{shown[: longest - 1]}…"


def read_json(text: str) -> Any:
    """Return what a server said as JSON, in which no text begins a line: its lines are lists.

    All else stays as it is, for scripts, and is escaped where it is shown.
    """
    return _in_one_line(json.loads(text))


def _in_one_line(value: Any) -> Any:
    if isinstance(value, str):
        return "".join(_escaped(each) if each in _BREAKS else each for each in value)
    if isinstance(value, list):
        return [_in_one_line(each) for each in value]
    if isinstance(value, dict):
        return {_in_one_line(key): _in_one_line(each) for key, each in value.items()}
    return value


def _is_plain(character: str) -> bool:
    # A no-break space is not "printable", and harmless.
    return character.isprintable() or unicodedata.category(character) == "Zs"


def _escaped(character: str) -> str:
    # In a line of JSON this stands within a string, and reads back as the same character.
    return json.dumps(character)[1:-1]


class _Plain:
    """A stream that writes text only; all else is as with the stream itself."""

    def __init__(self, stream: IO[str]) -> None:
        # The name by which rich finds the stream itself.
        self.rich_proxied_file = stream

    def write(self, text: str) -> int:
        self.rich_proxied_file.write(escape(text))
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.rich_proxied_file, name)


@contextmanager
def plain_output() -> Iterator[None]:
    """Escape what is printed, to standard output and error alike, until the block ends."""
    before = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = (cast("Any", _guarded(stream)) for stream in before)
    try:
        yield
    finally:
        sys.stdout, sys.stderr = before


def _guarded(stream: IO[str] | None) -> object:
    # None where it is closed; and a task may call another.
    return stream if stream is None or isinstance(stream, _Plain) else _Plain(stream)
