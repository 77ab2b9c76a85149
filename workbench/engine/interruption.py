"""Run the engine so that Ctrl-C reaches it once, and its work ends in order."""

import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

# How long the engine may take to end after it was told twice, in seconds.
GRACE = 15.0


class Interrupted(Exception):
    """The person pressed Ctrl-C (or the process was told to end) while the engine worked."""


@contextmanager
def endings_as_interrupt() -> Iterator[None]:
    """Make SIGTERM and SIGHUP act as Ctrl-C does.

    Their default would end this process at once, and the engine with it, by the pipe it
    writes to: in the middle of a creation, whose result would then be unknown.
    """
    names = [name for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
    if threading.current_thread() is not threading.main_thread():
        names = []
    before = {name: signal.signal(getattr(signal, name), _interrupt) for name in names}
    try:
        yield
    finally:
        for name, handler in before.items():
            signal.signal(getattr(signal, name), handler)


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def new_group() -> dict[str, object]:
    """Return Popen's arguments for a process that the terminal's Ctrl-C doesn't reach."""
    if sys.platform == "win32":
        return {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}
    return {"start_new_session": True}


def wait_for(
    process: "subprocess.Popen[str]",
    drained: Callable[[float | None], bool],
    on_interrupt: Callable[[int], None],
) -> None:
    """Wait until ``process`` has ended; pass each Ctrl-C on to it exactly once.

    The engine finishes what it is making on the first, and stops at once on the second.
    ``drained`` waits up to so many seconds for the end of the output; ``on_interrupt`` gets the
    number of the interrupt, from 1. Raises Interrupted at the end if there was one.
    """
    interrupts = 0
    while True:
        try:
            if not drained(GRACE if interrupts > 1 else None):
                process.kill()
            process.wait()
            break
        except KeyboardInterrupt:
            interrupts += 1
            _pass_on(process)
            on_interrupt(interrupts)
    if interrupts:
        raise Interrupted


def _pass_on(process: "subprocess.Popen[str]") -> None:
    if process.poll() is not None:
        return
    if sys.platform == "win32":
        process.send_signal(signal.CTRL_BREAK_EVENT)
    else:
        process.send_signal(signal.SIGINT)
