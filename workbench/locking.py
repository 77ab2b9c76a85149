"""Let one process at a time make a thing that several may want."""

import shlex
from collections.abc import Callable
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from workbench.errors import WaitTimeoutError
from workbench.waiting import wait_for

# How often a waiting process looks again, in seconds.
INTERVAL = 0.5


@contextmanager
def exclusive(path: Path, what: str, limit: float, tell: Callable[[str], object]) -> Iterator[None]:
    """Hold the lock file at ``path``; wait up to ``limit`` seconds for another that holds it.

    ``what`` is what one process at a time may be busy with; ``tell`` is told each time that it
    is another one. The operating system frees the lock when its holder ends, however it ends.
    """
    from filelock import FileLock
    from filelock import Timeout

    path.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(path)
    try:
        wait_for(
            lambda: lock.acquire(blocking=False),
            limit,
            INTERVAL,
            again=Timeout,
            waiting=lambda: tell(f"another workbench command is busy with {what}; waiting for it"),
        )
    except Timeout:
        raise WaitTimeoutError(
            f"Another workbench command has been busy with {what} for {limit / 60:.0f} minutes.",
            f"See which (fuser -v {shlex.quote(str(path))}), end it, and run this command again.",
        ) from None
    try:
        yield
    finally:
        lock.release()


def once(tell: Callable[[str], object]) -> Callable[[str], None]:
    """Return ``tell`` for a terminal's lasting lines: only the first word of the wait is told."""
    told: list[str] = []

    def first(text: str) -> None:
        if not told:
            told.append(text)
            tell(f"{text[0].upper()}{text[1:]} …")

    return first
