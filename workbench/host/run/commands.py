"""Run programs: their output goes to the log, its last lines into the error."""

import subprocess
import sys
from collections import deque
from collections.abc import Mapping
from collections.abc import Sequence
from pathlib import Path

KEPT_LINES = 40


class CommandError(Exception):
    """A program failed; ``log`` holds the last lines it wrote."""

    def __init__(self, command: Sequence[str], code: int, log: Sequence[str]) -> None:
        name = command[0] if command[:2] != ["/bin/sh", "-c"] else command[2]
        super().__init__(f"{name} failed with exit code {code}")
        self.log = list(log)


def run(command: Sequence[str | Path]) -> list[str]:
    """Run a program, pass its output on to the log, and return its last lines."""
    arguments = [str(argument) for argument in command]
    print("$", *arguments, flush=True)
    lines: deque[str] = deque(maxlen=KEPT_LINES)
    with subprocess.Popen(
        arguments,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    ) as process:
        for line in process.stdout or ():
            sys.stdout.write(line)
            lines.append(line.rstrip())
        sys.stdout.flush()
    if process.returncode:
        raise CommandError(arguments, process.returncode, list(lines))
    return list(lines)


def run_whole(
    command: Sequence[str | Path], environment: Mapping[str, str] | None = None
) -> "subprocess.CompletedProcess[str]":
    """Run a program that may fail; pass its output on to the log, and return all of it."""
    done = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        env=environment,
        check=False,
    )
    print(done.stdout, end="", flush=True)
    return done
