"""What the base of packages for everyone costs: time to the first kernel's answer, time, disk.

A workbench with the base and one without, in turn, on the same computer. The base is installed
after the services are up, so it must not keep the first kernel waiting. On a computer that others
use, two runs of minutes each don't compare: so on the first of them, sign-in, server and kernel are
also timed in turn while the installation works and while it is held still.
"""

import argparse
import contextlib
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
SIGNAL = "systemctl kill --signal={} workbench-packages.service"
ROUNDS = 4
ANSWER = "sign-in, server and kernel"


def take_turns(stack: str, rounds: int) -> tuple[list[float], list[float]]:
    """Return seconds to a kernel's answer while the base is installed, and while that is held."""
    instance, during, held = _instance(stack), list[float](), list[float]()
    try:
        _take_turns(stack, instance, rounds, during, held)
    finally:
        _in_machine(stack, instance, SIGNAL.format("CONT"))
    # Where it ended meanwhile, only whole rounds count.
    whole = min(len(during), len(held))
    return during[:whole], held[:whole]


def _take_turns(
    stack: str, instance: str, rounds: int, during: list[float], held: list[float]
) -> None:
    for _ in range(rounds):
        for signal, figures in (("STOP", held), ("CONT", during)):
            _in_machine(stack, instance, SIGNAL.format(signal))
            seconds = _answer(stack)
            if json.loads(_in_machine(stack, instance, TOLD))["state"] != "installing":
                return
            print(f"{ANSWER}, {signal}: {seconds:.1f} s", flush=True)
            figures.append(seconds)


def _answer(stack: str) -> float:
    from workbench.checks.hub import session
    from workbench.remote.passwords import read_password

    with contextlib.closing(read_stack(stack, Progress(quiet=True))) as state:
        target = state.target()
        user = target.users[0]
        password = read_password(state.folder, user) or ""
        begun = time.monotonic()
        with session(target, user, password) as person:
            assert person.run("python", "print(6 * 7)").strip() == "42"
            return time.monotonic() - begun


def measure(
    run: int, turns: list[tuple[list[float], list[float]]], *, base: bool
) -> dict[str, float]:
    """Make a workbench; return seconds and MiB. ``turns`` gets what taking turns gave."""
    with rehearsed(f"base{run}") as (stack, progress):
        if not base:
            path = PROJECT / f"Pulumi.{stack}.yaml"
            path.write_text("config:\n  workbench:basePackages: []\n")
        seconds = time_workbench(stack, progress)[FIRST_KERNEL]
        instance, installed = _instance(stack), 0.0
        if base:
            turns.append(take_turns(stack, ROUNDS))
            installed = _wait(stack, instance) - sum(turns[-1][1])
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
    parser.add_argument("--stack", help="only take turns, on a rehearsal where it is in progress")
    options = parser.parse_args()
    turns: list[tuple[list[float], list[float]]] = []
    if options.stack:
        turns.append(take_turns(options.stack, ROUNDS))
    else:
        compare(options.runs, turns)
    during, held = ([each for turn in turns for each in turn[side]] for side in (0, 1))
    if during:
        medians = statistics.median(during), statistics.median(held)
        print(f"\n{ANSWER}, in {len(during)} turns each: {medians[0]:.1f} s while it is installed,")
        print(f"{medians[1]:.1f} s while that is held: {medians[0] / medians[1]:.2f} (goal: 1.0)")


def compare(runs: int, turns: list[tuple[list[float], list[float]]]) -> None:
    """Make workbenches with and without the base, and print what it costs."""
    with_base, without = [], []
    for run in range(runs):
        sides = [(True, with_base), (False, without)]
        for base, results in sides if run % 2 else reversed(sides):
            results.append(measure(run, turns, base=base))
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
