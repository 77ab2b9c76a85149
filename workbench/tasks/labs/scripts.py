"""Run a lab's commands, as the reader would type them."""

import os
import subprocess
import sys
from pathlib import Path

from workbench.errors import WorkbenchError
from workbench.labs.lab_file import Step
from workbench.tasks.labs.bench import LabBench

ENVIRONMENT = "lab.env"
# In seconds; the longest installs a few packages.
LIMIT = 900


def solve(bench: LabBench, step: Step) -> None:
    """Show a step's commands, and run them in the reader's folder."""
    print(f"{step.heading}:")
    for line in step.solve.strip().splitlines():
        print(f"  {line}")
    sys.stdout.flush()
    whole = f"set -euo pipefail\nsource {ENVIRONMENT}\n{step.solve}"
    # Behind what the reader has, as everything here is installed beside this program.
    path = f"{os.environ.get('PATH', '')}:{Path(sys.executable).parent}"
    try:
        done = subprocess.run(
            ["bash", "-c", whole],
            cwd=bench.folder,
            env={**os.environ, "PATH": path},
            stdin=subprocess.DEVNULL,
            timeout=LIMIT,
        )
    except subprocess.TimeoutExpired as error:
        raise WorkbenchError(
            f"The commands of the step {step.name!r} took more than {LIMIT // 60} minutes.",
            bench.typed("workbench labs.reset") + "   begins the lab again",
        ) from error
    if done.returncode != 0:
        raise WorkbenchError(
            f"The commands of the step {step.name!r} ended with exit code {done.returncode}.",
            bench.typed("workbench labs.reset") + "   begins the lab again",
        )
