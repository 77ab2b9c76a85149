"""Let one process at a time make a thing that several may want."""

import os
import shlex
import sys
import time
from collections.abc import Callable
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from workbench.errors import WaitTimeoutError

# How often a waiting process looks again, in seconds.
INTERVAL = 0.5


@contextmanager
def exclusive(path: Path, what: str, limit: float, tell: Callable[[str], object]) -> Iterator[None]:
    """Hold the lock file at ``path``; wait up to ``limit`` seconds for another that holds it.

    ``what`` is what one process at a time may be busy with; ``tell`` is told each time that it
    is another one. The operating system frees the lock when its holder ends, however it ends.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        started = time.monotonic()
        while not _taken(descriptor):
            if time.monotonic() - started > limit:
                raise WaitTimeoutError(
                    f"Another workbench command has been busy with {what} for"
                    f" {limit / 60:.0f} minutes.",
                    f"See which (fuser -v {shlex.quote(str(path))}), end it, and run this command"
                    " again.",
                )
            tell(f"another workbench command is busy with {what}; waiting for it")
            time.sleep(INTERVAL)
        yield
    finally:
        os.close(descriptor)


def once(tell: Callable[[str], object]) -> Callable[[str], None]:
    """Return ``tell`` for a terminal's lasting lines: only the first word of the wait is told."""
    told: list[str] = []

    def first(text: str) -> None:
        if not told:
            told.append(text)
            tell(f"{text[0].upper()}{text[1:]} …")

    return first


if sys.platform == "win32":
    import msvcrt

    def _taken(descriptor: int) -> bool:
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True
else:
    import fcntl

    def _taken(descriptor: int) -> bool:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
