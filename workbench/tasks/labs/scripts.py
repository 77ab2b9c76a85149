"""Run a lab's commands, as the reader would type them."""

import subprocess
import sys
from pathlib import Path

from workbench.errors import WorkbenchError
from workbench.labs.lab_file import Step
from workbench.progress import Progress
from workbench.remote.selection import VARIABLE
from workbench.tasks.labs.bench import LabBench

ENVIRONMENT = "lab.env"
# Says of which stack the environment is already.
GIVEN = "LAB_ENVIRONMENT_OF"
# In seconds; the longest installs a few packages.
LIMIT = 900


def solve(bench: LabBench, step: Step) -> None:
    """Show a step's commands, and run them in the reader's folder."""
    show(step.heading, step.solve)
    run(bench, step.solve, f"of the step {step.name!r}")


def show(title: str, script: str) -> None:
    """Print commands."""
    print(f"{title}:")
    for line in script.strip().splitlines():
        print(f"  {line}")
    sys.stdout.flush()


def run(bench: LabBench, script: str, whose: str, *, quiet: bool = False) -> None:
    """Run commands in the reader's folder; ``whose`` they are is for the sentences."""
    whole = f"set -euo pipefail\nsource {ENVIRONMENT}\n{script}"
    variables = _environment(bench)
    # Behind what the reader has, as everything here is installed alongside this program.
    variables["PATH"] = f"{variables.get('PATH', '')}:{Path(sys.executable).parent}"
    again = bench.typed("workbench labs.reset") + "   starts the lab over"
    printed = subprocess.DEVNULL if quiet else None
    try:
        done = subprocess.run(
            ["bash", "-c", whole],
            cwd=bench.folder,
            env=variables,
            stdin=subprocess.DEVNULL,
            stdout=printed,
            stderr=printed,
            timeout=LIMIT,
        )
    except subprocess.TimeoutExpired as error:
        raise WorkbenchError(
            f"The commands {whose} took more than {LIMIT // 60} minutes.", again
        ) from error
    if done.returncode != 0:
        raise WorkbenchError(f"The commands {whose} ended with exit code {done.returncode}.", again)


def _environment(bench: LabBench) -> dict[str, str]:
    """Return what ``workbench env`` sets, for ``lab.env`` not to run that once more."""
    from workbench.engine.environment import engine_variables
    from workbench.engine.environment import pulumi_environment
    from workbench.engine.find import ensure_engine

    engine = ensure_engine(Progress(quiet=True))
    where = (engine, bench.stack, bench.folder)
    return {
        **engine_variables(*where),
        **pulumi_environment(*where),
        VARIABLE: bench.stack,
        GIVEN: bench.stack,
    }
