"""Run programs: their output goes to the log, its last lines into the error."""

import subprocess
import sys
from collections import deque
from collections.abc import Sequence
from pathlib import Path

KEPT_LINES = 40


class CommandError(Exception):
    """A program failed; ``log`` holds the last lines it wrote."""

    def __init__(self, command: Sequence[str], code: int, log: Sequence[str]) -> None:
        super().__init__(f"{command[0]} failed with exit code {code}")
        self.log = [f"$ {' '.join(command)}", *log]


def run(command: Sequence[str | Path], *, stdin: str | None = None) -> list[str]:
    """Run a program, pass its output on to the log, and return its last lines."""
    arguments = [str(argument) for argument in command]
    print("$", *arguments, flush=True)
    lines: deque[str] = deque(maxlen=KEPT_LINES)
    with subprocess.Popen(
        arguments,
        stdin=subprocess.DEVNULL if stdin is None else subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    ) as process:
        if stdin is not None and process.stdin is not None:
            process.stdin.write(stdin)
            process.stdin.close()
        for line in process.stdout or ():
            sys.stdout.write(line)
            lines.append(line.rstrip())
        sys.stdout.flush()
    if process.returncode:
        raise CommandError(arguments, process.returncode, list(lines))
    return list(lines)


def read(command: Sequence[str | Path]) -> str:
    """Return what a program prints, stripped; an empty string when it fails."""
    result = subprocess.run(
        [str(argument) for argument in command],
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    return result.stdout.strip() if result.returncode == 0 else ""
