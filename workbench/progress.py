"""Show long work: the phase, what is happening now, for how long, and where the details are."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from rich.console import Console
from rich.status import Status
from rich.text import Text

from workbench.folding import fold
from workbench.plain_console import PlainConsole
from workbench.terminal import escape

# A plain terminal or a log file gets a sign of life this often, in seconds.
PLAIN_INTERVAL = 20.0


class Phase:
    """One step of long work; ``update`` says what is happening now."""

    def __init__(self, owner: "Progress", title: str) -> None:
        self._owner = owner
        self.title = title
        self.started = time.monotonic()
        self._shown = self.started

    @property
    def seconds(self) -> float:
        """Seconds since the phase began."""
        return time.monotonic() - self.started

    def update(self, now: str) -> None:
        """Say what is happening now, in a few words (details go to the log)."""
        self._owner.log(now)
        self._owner.show(self, now.strip())

    def tick(self, now: str) -> None:
        """Show what is happening now without a line in the log."""
        self._owner.show(self, now.strip())


class Progress:
    """Report phases to a terminal (spinner) or as plain lines, with details in a log file.

    ``log_path`` is the file that details are appended to; None keeps none. ``quiet`` shows
    nothing (for ``--json``).
    """

    def __init__(
        self, log_path: Path | None = None, *, console: Console | None = None, quiet: bool = False
    ) -> None:
        self.console = console or PlainConsole(stderr=True)
        self.log_path = log_path
        self.quiet = quiet
        self._status: Status | None = None
        self._plain_shown = 0.0
        self._log: TextIO | None = None
        if log_path is not None:
            log_path.parent.mkdir(parents=True, exist_ok=True)
            self._log = log_path.open("a", encoding="utf-8", buffering=1)

    @property
    def interactive(self) -> bool:
        """Whether a spinner can be drawn."""
        return self.console.is_terminal and not self.quiet

    @contextmanager
    def phase(self, title: str) -> Iterator[Phase]:
        """Show ``title`` with its elapsed time until the block ends: done, or failed."""
        phase = Phase(self, title)
        self.log(f"== {title}")
        self._plain_shown = time.monotonic()
        if self.interactive:
            self._status = self.console.status(Text(f"{title} …"))
            self._status.start()
        elif not self.quiet:
            self.console.print(f"{title} …", markup=False, soft_wrap=True)
        try:
            yield phase
        except BaseException:
            self._end(f"✗ {title}  {phase.seconds:.0f} s", "red")
            raise
        self._end(f"✓ {title}  {phase.seconds:.0f} s", "green")

    def log(self, text: str) -> None:
        """Append a line to the log file."""
        if self._log is not None:
            # A log is read at a terminal, too.
            self._log.write(f"{time.strftime('%H:%M:%S')} {escape(text.rstrip())}\n")

    def say(self, text: str) -> None:
        """Print a line that stays, above any spinner."""
        self.log(text)
        if not self.quiet:
            # What isn't a terminal is a log, where a sentence is found as one line.
            shown = fold(text, self.console.width - 1) if self.console.is_terminal else text
            self.console.print(shown, markup=False, soft_wrap=True)

    def show(self, phase: Phase, now: str) -> None:
        """Show what a phase is doing: redraw the spinner, or a plain line now and then."""
        if self._status is not None:
            room = max(20, self.console.width - len(phase.title) - 16)
            shown = (escape(now)[:room], "dim")
            self._status.update(Text.assemble(f"{phase.title}  {phase.seconds:.0f} s  ", shown))
        elif not self.quiet and time.monotonic() - self._plain_shown >= PLAIN_INTERVAL:
            self._plain_shown = time.monotonic()
            self.console.print(f"  {phase.seconds:.0f} s: {now}", markup=False, soft_wrap=True)

    def _end(self, line: str, style: str) -> None:
        if self._status is not None:
            self._status.stop()
            self._status = None
        self.log(line)
        if not self.quiet:
            self.console.print(line, style=style, markup=False, soft_wrap=True)

    def close(self) -> None:
        """Close the log file."""
        if self._log is not None:
            self._log.close()
            self._log = None


def stderr_progress(log_path: Path | None = None) -> Progress:
    """Return a progress on standard error, so that standard output stays for results."""
    return Progress(log_path, console=PlainConsole(file=sys.stderr))
