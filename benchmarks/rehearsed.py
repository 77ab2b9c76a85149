"""A rehearsal of a benchmark's own, which goes when the benchmark ends."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from workbench.progress import Progress
from workbench.progress import stderr_progress

PROJECT = Path(__file__).parents[1]


@contextmanager
def rehearsed(name: str) -> Iterator[tuple[str, Progress]]:
    """Give the stack's name of a new rehearsal, in a state folder of its own."""
    from workbench.rehearsal import control
    from workbench.rehearsal.names import stack_name

    rehearsal = f"{name}{os.getpid()}"
    stack = stack_name(rehearsal)
    folder = Path(tempfile.mkdtemp(prefix="workbench-benchmark-"))
    os.environ["WORKBENCH_STATE_DIR"] = str(folder)
    os.chdir(PROJECT)
    progress = stderr_progress(folder / "benchmark.log")
    try:
        yield stack, progress
    finally:
        control.reset(rehearsal)
        (PROJECT / f"Pulumi.{stack}.yaml").unlink(missing_ok=True)
        shutil.rmtree(folder, ignore_errors=True)


def table(rows: list[tuple[str, float]], unit: str = "s") -> str:
    """Return a Markdown table of figures."""
    lines = [f"| what | {unit} |", "|---|---|"]
    return "\n".join([*lines, *(f"| {what} | {figure:.1f} |" for what, figure in rows)])
