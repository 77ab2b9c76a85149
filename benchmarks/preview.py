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

EMPTY = "import pulumi\nimport pulumi_aws\n"
# pulumi_aws loads a service's module at the first look inside; the lab's program looks into these.
LOADED = EMPTY + "\n".join(
    f"pulumi_aws.{what}"
    for what in (
        "ebs.Volume",
        "ec2.Instance",
        "iam.Role",
        "route53.Zone",
        "s3.Bucket",
        "vpc",
        "ssm",
    )
)


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
    """Time them in turn and print medians and the ratios round by round."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=7, help="runs of each side (default 7)")
    runs = parser.parse_args().runs
    from workbench.engine.environment import engine_variables
    from workbench.engine.find import ensure_engine
    from workbench.engine.stacks import open_stack
    from workbench.tasks.up.bring_up import bring_up

    with rehearsed("preview") as (stack, progress):
        bring_up(stack, progress, agree=lambda _: True, password_stdin=False)
        empty = Path(tempfile.mkdtemp(prefix="workbench-empty-"))
        try:
            (empty / "Pulumi.yaml").write_text("name: empty\nruntime: python\n")
            engine = ensure_engine(progress)
            lab = engine_variables(engine, stack, PROJECT)
            (empty / "__main__.py").write_text(EMPTY)
            nothing = open_stack(stack, empty, progress, engine=engine)
            nothing.create()
            nothing.up()
            rounds = []
            for _ in range(runs + 1):
                seconds = [time_preview(stack, PROJECT, lab)]
                for program in (EMPTY, LOADED):
                    (empty / "__main__.py").write_text(program)
                    seconds.append(time_preview(stack, empty, lab))
                rounds.append(seconds)
        finally:
            shutil.rmtree(empty, ignore_errors=True)
    rounds = rounds[1:]  # the first of each warms the caches
    names = ("the lab's stack", "an empty program", "one that loads the lab's modules")
    sides = zip(*rounds, strict=True)
    print(table([(n, statistics.median(s)) for n, s in zip(names, sides, strict=True)]))
    for index, name in enumerate(names[1:], 1):
        ratio = statistics.median(each[0] / each[index] for each in rounds)
        print(f"\nlab / {name}, median of {runs} rounds: {ratio:.2f} (goal: 1.5)")


if __name__ == "__main__":
    main()
