"""Carry out one stack operation in a process of its own, as a workbench command does."""

import sys
from pathlib import Path

from workbench import progress
from workbench.engine.stacks import open_stack
from workbench.errors import WorkbenchError


def main(operation: str, stack: str, project: str) -> int:
    # All it does is a line, so that a test can wait for it.
    progress.PLAIN_INTERVAL = 0.0
    told = progress.stderr_progress()
    try:
        print(getattr(open_stack(stack, Path(project), told), operation)())
    except WorkbenchError as error:
        print(f"{type(error).__name__}: {error}")
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
