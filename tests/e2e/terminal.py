"""A command at a terminal of 80 columns, and what a person reads and types there."""

import os
import pty
import re
import select
import time
from collections.abc import Mapping
from collections.abc import Sequence
from pathlib import Path

from documented import note

# Seconds.
PATIENCE = 5.0
_COLOURS = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


class Terminal:
    """One command; each wait ends within ``limit`` seconds, with all that was shown."""

    def __init__(
        self, argv: Sequence[str], env: Mapping[str, str], folder: Path, limit: float = 120
    ) -> None:
        # As a person reads it, and as the terminal gets it.
        self.shown, self.raw = "", ""
        self._read = 0
        self._limit = limit
        note(argv)
        self._pid, self._descriptor = pty.fork()
        if self._pid == 0:
            os.chdir(folder)
            os.execvpe(argv[0], argv, {**env, "TERM": "xterm", "COLUMNS": "80", "LINES": "50"})

    def answer(self, question: str, answer: str) -> None:
        """Wait until something new that holds ``question`` is shown, and type the answer."""
        end = time.monotonic() + self._limit
        while question not in self.shown[self._read :]:
            if time.monotonic() > end or not self._take(end - time.monotonic()):
                raise AssertionError(f"{question!r} wasn't asked:\n{self.shown}")
        self._read = self.shown.index(question, self._read) + len(question)
        os.write(self._descriptor, answer.encode())

    def end(self, again: str = "") -> int:
        """Read to the end; return the exit code.

        ``again`` is typed where nothing happens for some seconds, as a person does: Python misses
        a Ctrl-C between a question and the reading of its answer.
        """
        end, seen = time.monotonic() + self._limit, len(self.raw)
        while self._take(PATIENCE if again else end - time.monotonic()):
            assert time.monotonic() < end, f"It didn't end:\n{self.shown}"
            if again and len(self.raw) == seen:
                os.write(self._descriptor, again.encode())
            seen = len(self.raw)
        os.close(self._descriptor)
        return os.waitstatus_to_exitcode(os.waitpid(self._pid, 0)[1])

    def _take(self, seconds: float) -> bool:
        """Read what is there; return False at the end."""
        ready, _, _ = select.select([self._descriptor], [], [], max(0.0, seconds))
        if not ready:
            return True
        try:
            data = os.read(self._descriptor, 65536)
        except OSError:  # Linux's way to say that the other side is closed
            return False
        self.raw += data.decode(errors="replace")
        self.shown += _COLOURS.sub("", data.decode(errors="replace"))
        return bool(data)
