"""Time one workbench and two of one stack, from `pulumi up` until every check has passed.

Each in a rehearsal of its own, the order in turn. Where WORKBENCH_MACHINE_IMAGE names an image that
has the packages, what is timed is the rest.
"""

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from many import PROGRAM
from rehearsed import rehearsed
from rehearsed import table

MANY = (1, 2)
GOAL = 1.3
BIN = Path(sys.executable).parent


def time_up(many: int) -> tuple[float, float]:
    """Return the seconds of `pulumi up` and of the `workbench up` that waits for the servers."""
    from workbench.engine.environment import engine_variables
    from workbench.engine.find import ensure_engine
    from workbench.engine.stacks import open_stack
    from workbench.tasks.changes.apply import ensure_rehearsal
    from workbench.tasks.rehearsal.configuration import rehearsal_configuration

    folder = Path(tempfile.mkdtemp(prefix="workbench-two-"))
    try:
        with rehearsed(f"two{many}x") as (stack, progress):
            description = ensure_rehearsal(stack, progress)
            assert description is not None
            (folder / "Pulumi.yaml").write_text("name: two\nruntime: python\n")
            (folder / "__main__.py").write_text(PROGRAM)
            engine = ensure_engine(progress)
            opened = open_stack(stack, folder, progress, create=True, engine=engine)
            # The base of packages for everyone comes after the checks.
            base = {"workbench:basePackages": "[]"}
            opened.set_config({**rehearsal_configuration(description), **base})
            environment = {**os.environ, **engine_variables(engine, stack, folder)}
            environment["HOW_MANY"] = str(many)

            def seconds(*command: str) -> float:
                begun = time.monotonic()
                done = subprocess.run(
                    command,
                    cwd=folder,
                    env=environment,
                    check=False,
                    capture_output=True,
                    text=True,
                )
                if done.returncode:
                    raise SystemExit(f"{command} failed:\n{done.stdout}\n{done.stderr}")
                return time.monotonic() - begun

            pulumi = seconds("pulumi", "up", "--yes", "--stack", stack)
            return pulumi, seconds(str(BIN / "workbench"), "up", "--stack", stack)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def main() -> None:
    """Time them in turn and print medians and the ratio round by round."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=2, help="runs of each side (default 2)")
    runs = parser.parse_args().runs
    rounds = []
    for number in range(runs):
        order = MANY if number % 2 == 0 else MANY[::-1]
        rounds.append({many: time_up(many) for many in order})
    rows = [
        (f"{what}, {many} of a stack", statistics.median(each[many][part] for each in rounds))
        for part, what in enumerate(("pulumi up", "workbench up after it"))
        for many in MANY
    ]
    print(table(rows))
    ratio = statistics.median(sum(each[2]) / sum(each[1]) for each in rounds)
    print(f"\n2 / 1, both together, median of {runs} rounds: {ratio:.2f} (goal: {GOAL})")


if __name__ == "__main__":
    main()
