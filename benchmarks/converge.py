"""Time converges that have nothing to do, on a server that is up."""

import argparse
import statistics
import subprocess
import time

from rehearsed import rehearsed


def main() -> None:
    """Converge some times and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=7, help="runs (default 7)")
    runs = parser.parse_args().runs
    from workbench.rehearsal.names import rehearsal_of
    from workbench.tasks.bring_up import bring_up

    with rehearsed("converge") as (stack, progress):
        state = bring_up(stack, progress, agree=lambda _: True, password_stdin=False).state
        state.close()
        container = f"workbench-{rehearsal_of(stack)}-{state.outputs['instance_id']}"
        command = ["docker", "exec", container, "systemctl", "start", "workbench-converge"]
        seconds = []
        for _ in range(runs):
            begun = time.monotonic()
            subprocess.run(command, check=True, capture_output=True)
            seconds.append(time.monotonic() - begun)
    print(
        f"no-op converge, {runs} runs: min {min(seconds):.1f} s,"
        f" median {statistics.median(seconds):.1f} s, max {max(seconds):.1f} s (goal: 5 s)"
    )


if __name__ == "__main__":
    main()
