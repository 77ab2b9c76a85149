"""Run a long program line by line, and never leave it behind."""

import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from collections.abc import Mapping
from collections.abc import Sequence
from pathlib import Path

# How often ``on_tick`` is called while the program is silent, in seconds.
TICK = 1.0
# How long a program may take to end after it was told to, in seconds.
GRACE = 5.0


def run_lines(
    command: Sequence[str | Path],
    *,
    on_line: Callable[[str], None],
    on_tick: Callable[[], None] = lambda: None,
    limit: float,
    grace: float = GRACE,
    directory: Path | None = None,
    environment: Mapping[str, str] | None = None,
) -> int:
    """Run ``command``, hand each line of its output to ``on_line``, return its exit code.

    It runs in a process group of its own, which is ended whole when ``limit`` seconds have
    passed (TimeoutError) or this process is interrupted; it then has ``grace`` seconds to tidy
    up. Raises OSError where it can't start.
    """
    process = subprocess.Popen(
        command,
        cwd=directory,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=True,
    )
    lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()
    reader = threading.Thread(target=_read, args=(process, lines), daemon=True)
    reader.start()
    try:
        _follow(lines, on_line, on_tick, time.monotonic() + limit)
        return process.wait()
    except BaseException:
        _end(process, grace)
        raise
    finally:
        reader.join(GRACE)
        if process.stdout is not None and not reader.is_alive():
            process.stdout.close()


def _read(process: "subprocess.Popen[str]", lines: "queue.SimpleQueue[str | None]") -> None:
    for line in process.stdout or ():
        lines.put(line.rstrip())
    lines.put(None)


def _follow(
    lines: "queue.SimpleQueue[str | None]",
    on_line: Callable[[str], None],
    on_tick: Callable[[], None],
    deadline: float,
) -> None:
    while time.monotonic() < deadline:
        try:
            line = lines.get(timeout=TICK)
        except queue.Empty:
            on_tick()
            continue
        if line is None:
            return
        on_line(line)
    raise TimeoutError


def _end(process: "subprocess.Popen[str]", grace: float) -> None:
    """End the whole group: compilers and downloads are children of the program."""
    for ask in (signal.SIGTERM, None):
        _signal(process, ask)
        try:
            process.wait(grace)
        except subprocess.TimeoutExpired:
            continue
        return


def _signal(process: "subprocess.Popen[str]", number: signal.Signals | None) -> None:
    if sys.platform == "win32":
        process.kill()
        return
    try:
        os.killpg(process.pid, number or signal.SIGKILL)
    except ProcessLookupError:
        return
