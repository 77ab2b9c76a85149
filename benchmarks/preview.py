"""Time the engine's no-change preview of the lab's stack against an empty program's.

The empty program imports pulumi_aws and declares nothing: what is above it is the engine's,
the plugin's and the components' share.
"""

import argparse
import shutil
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

from rehearsed import PROJECT
from rehearsed import rehearsed
from rehearsed import table

EMPTY = "import pulumi\nimport pulumi_aws\nfrom pulumi_aws import ec2, iam, route53, s3, ssm\n"


def time_preview(stack: str, project: Path, environment: dict[str, str]) -> float:
    """Return the seconds of one preview that must find no changes."""
    command = ["pulumi", "preview", "--expect-no-changes", "--non-interactive", "--stack", stack]
    begun = time.monotonic()
    done = subprocess.run(
        command, cwd=project, env=environment, check=False, capture_output=True, text=True
    )
    if done.returncode:
        raise SystemExit(f"the preview failed:\n{done.stdout}\n{done.stderr}")
    return time.monotonic() - begun


def main() -> None:
    """Time both in turn and print medians and the ratio pair by pair."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=7, help="runs of each side (default 7)")
    runs = parser.parse_args().runs
    from workbench.engine.environment import engine_variables
    from workbench.engine.find import ensure_engine
    from workbench.engine.stacks import open_stack
    from workbench.tasks.bring_up import bring_up

    with rehearsed("preview") as (stack, progress):
        bring_up(stack, progress, agree=lambda _: True, password_stdin=False).state.close()
        empty = Path(tempfile.mkdtemp(prefix="workbench-empty-"))
        try:
            (empty / "Pulumi.yaml").write_text("name: empty\nruntime: python\n")
            (empty / "__main__.py").write_text(EMPTY)
            engine = ensure_engine(progress)
            nothing = open_stack(stack, empty, progress, engine=engine)
            nothing.create()
            nothing.up()
            lab = engine_variables(engine, stack, PROJECT)
            pairs = []
            for _ in range(runs + 1):
                pairs.append((time_preview(stack, PROJECT, lab), time_preview(stack, empty, lab)))
        finally:
            shutil.rmtree(empty, ignore_errors=True)
    pairs = pairs[1:]  # the first of each warms the caches
    ours, bare = (statistics.median(side) for side in zip(*pairs, strict=True))
    print(table([("the lab's stack", ours), ("an empty program", bare)]))
    ratios = sorted(a / b for a, b in pairs)
    print(f"\nratio, median of {runs} pairs: {statistics.median(ratios):.2f} (goal: 1.5)")


if __name__ == "__main__":
    main()
