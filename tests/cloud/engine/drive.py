"""Carry out one stack operation in a process of its own, as a workbench command does."""

import sys
from pathlib import Path

from workbench.engine.stacks import open_stack
from workbench.errors import WorkbenchError
from workbench.progress import stderr_progress


def main(operation: str, stack: str, project: str) -> int:
    try:
        print(getattr(open_stack(stack, Path(project), stderr_progress()), operation)())
    except WorkbenchError as error:
        print(f"{type(error).__name__}: {error}")
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
