"""Run the engine so that Ctrl-C reaches it once, and its work ends in order."""

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Sequence
from contextlib import contextmanager
from types import FrameType

# How long the engine may take to end after it was told twice, in seconds.
GRACE = 15.0
# How often that is looked at, in seconds.
INTERVAL = 0.5

# SIGTERM and SIGHUP act as Ctrl-C does. Their default would end this process at once, and the
# engine with it, by the pipe it writes to: in the middle of a creation, whose result would then
# be unknown.
ENDINGS = ("SIGINT", "SIGTERM", "SIGHUP")


class Interrupted(Exception):
    """The person pressed Ctrl-C (or the process was told to end) while the engine worked."""


class Interrupts:
    """Pass each Ctrl-C on to a process, exactly once.

    Pulumi finishes what it is making on the first, and stops at once on the second. Done in the
    signal's handler: a KeyboardInterrupt could come in the middle of handling another.
    """

    def __init__(self, on_interrupt: Callable[[int], None]) -> None:
        self.count = 0
        self._on_interrupt = on_interrupt
        self._process: subprocess.Popen[str] | None = None
        self._deadline: float | None = None

    def follow(self, process: "subprocess.Popen[str]", readers: Sequence[threading.Thread]) -> None:
        """Wait until the process and the readers of its output have ended.

        Raises Interrupted at the end if there was an interrupt.
        """
        self._process = process
        for _ in range(self.count):
            self._pass_on()
        while any(reader.is_alive() for reader in readers):
            for reader in readers:
                reader.join(INTERVAL)
            if self._deadline is not None and time.monotonic() > self._deadline:
                process.kill()
        process.wait()
        if self.count:
            raise Interrupted

    def take(self, number: int, frame: FrameType | None) -> None:
        """Handle a signal."""
        self.count += 1
        if self.count > 1 and self._deadline is None:
            self._deadline = time.monotonic() + GRACE
        self._pass_on()
        self._on_interrupt(self.count)

    def _pass_on(self) -> None:
        if self._process is None or self._process.poll() is not None:
            return
        if sys.platform == "win32":
            self._process.send_signal(signal.CTRL_BREAK_EVENT)
        else:
            self._process.send_signal(signal.SIGINT)


@contextmanager
def interrupts_passed_on(on_interrupt: Callable[[int], None]) -> Iterator[Interrupts]:
    """Take the signals that end a command, for as long as the block takes.

    ``on_interrupt`` gets the number of the interrupt, from 1.
    """
    interrupts = Interrupts(on_interrupt)
    if threading.current_thread() is not threading.main_thread():
        yield interrupts  # Python handles signals in the main thread only
        return
    numbers = [getattr(signal, name) for name in ENDINGS if hasattr(signal, name)]
    before = {number: signal.signal(number, interrupts.take) for number in numbers}
    try:
        yield interrupts
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def new_group() -> dict[str, object]:
    """Return Popen's arguments for a process that the terminal's Ctrl-C doesn't reach."""
    if sys.platform == "win32":
        return {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}
    return {"start_new_session": True}
