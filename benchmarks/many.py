"""Time the engine's preview of 1, 5 and 20 workbenches that one stack is to make.

Nothing is made: what counts is what engine, plugin and components take for each workbench more.
"""

import argparse
import shutil
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

from rehearsed import rehearsed
from rehearsed import table

MANY = (1, 5, 20)
GOAL = 12
PROGRAM = """\
import os

import pulumi

from workbench import Workbench
from workbench import read_configuration

shared = read_configuration()
made = {}
for number in range(int(os.environ["HOW_MANY"])):
    name = f"bench{number}"
    made[name] = Workbench(name, {**shared, "domain": f"{name}.{shared['domain']}"})
pulumi.export("workbenches", {name: each.outputs for name, each in made.items()})
"""


def time_preview(stack: str, folder: Path, environment: dict[str, str], many: int) -> float:
    """Return the seconds of one preview that must want to make so many servers."""
    command = ["pulumi", "preview", "--non-interactive", "--stack", stack]
    begun = time.monotonic()
    done = subprocess.run(
        command,
        cwd=folder,
        env={**environment, "HOW_MANY": str(many)},
        check=False,
        capture_output=True,
        text=True,
    )
    seconds = time.monotonic() - begun
    if done.returncode or done.stdout.count("aws:ec2:Instance ") != many:
        raise SystemExit(f"the preview of {many} failed:\n{done.stdout}\n{done.stderr}")
    return seconds


def main() -> None:
    """Time them in turn and print medians and the ratios round by round."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=3, help="runs of each side (default 3)")
    runs = parser.parse_args().runs
    from workbench.engine.environment import engine_variables
    from workbench.engine.find import ensure_engine
    from workbench.engine.stacks import open_stack
    from workbench.tasks.changes.apply import ensure_rehearsal
    from workbench.tasks.rehearsal.configuration import rehearsal_configuration

    with rehearsed("many") as (stack, progress):
        description = ensure_rehearsal(stack, progress)
        assert description is not None
        folder = Path(tempfile.mkdtemp(prefix="workbench-many-"))
        try:
            (folder / "Pulumi.yaml").write_text("name: many\nruntime: python\n")
            (folder / "__main__.py").write_text(PROGRAM)
            engine = ensure_engine(progress)
            opened = open_stack(stack, folder, progress, create=True, engine=engine)
            opened.set_config(rehearsal_configuration(description))
            environment = engine_variables(engine, stack, folder)
            rounds = [
                [time_preview(stack, folder, environment, many) for many in MANY]
                for _ in range(runs + 1)
            ][1:]  # the first of each warms the caches
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    sides = zip(MANY, zip(*rounds, strict=True), strict=True)
    print(table([(f"a preview of {many}", statistics.median(each)) for many, each in sides]))
    for index, many in enumerate(MANY[1:], 1):
        ratio = statistics.median(each[index] / each[0] for each in rounds)
        goal = f" (goal: {GOAL})" if many == MANY[-1] else ""
        print(f"\n{many} / {MANY[0]}, median of {runs} rounds: {ratio:.2f}{goal}")


if __name__ == "__main__":
    main()
