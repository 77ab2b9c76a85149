"""What the base of packages for everyone costs: time to the first kernel's answer, time, disk.

A workbench with the base and one without, in turn, on the same computer. The base is installed
after the services are up, so it must not keep the first kernel waiting.
"""

import argparse
import json
import statistics
import time

from first_kernel import _in_machine
from first_kernel import time_workbench
from rehearsed import PROJECT
from rehearsed import rehearsed
from rehearsed import table

from workbench.progress import Progress
from workbench.remote.stack_state import read_stack

FIRST_KERNEL = "from pulumi up to the first kernel's answer"
LIMIT = 3600.0
SIZE = (
    "dpkg-query -W -f '${Installed-Size}\\n' | awk '{s += $1} END {print int(s / 1024)}';"
    " du -sm /opt/everyone 2>/dev/null | cut -f1"
)
TOLD = "cat /var/lib/workbench/packages.json"


def measure(run: int, *, base: bool) -> dict[str, float]:
    """Make a workbench; return seconds and MiB."""
    with rehearsed(f"base{run}") as (stack, progress):
        if not base:
            path = PROJECT / f"Pulumi.{stack}.yaml"
            path.write_text("config:\n  workbench:basePackages: []\n")
        seconds = time_workbench(stack, progress)[FIRST_KERNEL]
        instance = _instance(stack)
        installed = _wait(stack, instance) if base else 0.0
        sizes = _in_machine(stack, instance, SIZE).split()
        return {"first": seconds, "base": installed, "size": float(sum(map(int, sizes)))}


def _instance(stack: str) -> str:
    state = read_stack(stack, Progress(quiet=True))
    try:
        return str(state.outputs["instance_id"])
    finally:
        state.close()


def _wait(stack: str, instance: str) -> float:
    """Wait until the base is installed; return the seconds it took."""
    end = time.monotonic() + LIMIT
    while time.monotonic() < end:
        told = json.loads(_in_machine(stack, instance, TOLD))
        if told["state"] != "installing":
            assert told["state"] == "installed", told["failed"]
            return float(told["seconds"])
        time.sleep(2)
    raise SystemExit(f"The base wasn't installed after {LIMIT:.0f} s.")


def main() -> None:
    """Run both sides in turn and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=2, help="runs of each side (default 2)")
    with_base, without = [], []
    for run in range(parser.parse_args().runs):
        sides = [(True, with_base), (False, without)]
        for base, results in sides if run % 2 else reversed(sides):
            results.append(measure(run, base=base))
    first = [statistics.median(each["first"] for each in side) for side in (with_base, without)]
    rows = [
        (f"{FIRST_KERNEL}, with the base", first[0]),
        ("… without it", first[1]),
        ("the base's installation, after that", statistics.median(e["base"] for e in with_base)),
    ]
    print(table(rows))
    disk = [statistics.median(each["size"] for each in side) for side in (with_base, without)]
    print(f"\ndisk: {disk[0] - disk[1]:.0f} MiB for the base")
    print(f"with / without: {first[0] / first[1]:.2f} (goal: 1.0)")


if __name__ == "__main__":
    main()
