"""Break what people read between words, as a terminal doesn't; what they copy stays whole."""

import shutil
import textwrap

LEAST = 20


def fold(text: str, width: int) -> str:
    """Return the text in lines of up to ``width`` columns.

    A line that begins with a blank is a command, and a word longer than a line is a path or an
    address: both stay in one piece.
    """
    return "\n".join(
        line if line.startswith(" ") else _fold_line(line, width) for line in text.split("\n")
    )


def _fold_line(line: str, width: int) -> str:
    return textwrap.fill(line, width, break_long_words=False, break_on_hyphens=False)


def fold_to_terminal(text: str) -> str:
    """Return the text in lines that this terminal shows whole."""
    return fold(text, max(LEAST, shutil.get_terminal_size().columns - 1))
