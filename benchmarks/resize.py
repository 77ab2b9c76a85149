"""Time without service in `workbench resize` against the floor: a bare stop and start by EC2.

Both on the same machine in one run, in turn, as seen from outside: a page of each service is asked
for ten times a second, over HTTPS, and what counts is from the first that isn't answered to the
first moment when all are again. The floor stops the instance, changes its type and starts it, each
as soon as EC2 lets it; then the services' own start takes what it takes, as it does in `resize`.
"""

import argparse
import os
import statistics
import threading
import time
from typing import Any

import httpx
from rehearsed import rehearsed

from workbench.checks.http import client
from workbench.checks.target import Target
from workbench.progress import Progress

PAGES = ("jupyter/hub/login", "rstudio/auth-sign-in")
INTERVAL = 0.1
# Of one question: a server that is away may not even refuse.
TIMEOUT = 2.0
# Seconds of answers that end an outage.
SETTLED = 5.0
TYPES = ("t3.large", "t3.medium")
GOAL = 5.0


class Watcher:
    """Ask for the services' pages until told to stop; remember when they didn't answer."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._away: list[tuple[float, float]] = []

    def __enter__(self) -> "Watcher":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def seconds_away(self) -> float:
        """Return how long the services were away, once they are all back."""
        end = time.monotonic() + 300
        while not self._away or time.monotonic() - self._away[-1][1] < SETTLED:
            if time.monotonic() > end:
                raise SystemExit("The services went away for less than can be seen, or for good.")
            time.sleep(INTERVAL)
        return max(stop - start for start, stop in self._outages())

    def _outages(self) -> list[tuple[float, float]]:
        """Return the stretches without service; a single slow answer later is one of its own."""
        outages: list[tuple[float, float]] = []
        for start, stop in self._away:
            if outages and start - outages[-1][1] < SETTLED:
                outages[-1] = (outages[-1][0], stop)
            else:
                outages.append((start, stop))
        return outages

    def _watch(self) -> None:
        with client(self._target, timeout=TIMEOUT) as http:
            while not self._stop.wait(INTERVAL):
                begun = time.monotonic()
                if not all(self._answers(http, page) for page in PAGES):
                    self._away.append((begun, time.monotonic()))

    def _answers(self, http: httpx.Client, page: str) -> bool:
        try:
            answer = http.get(f"{self._target.output('url')}{page}")
        except httpx.HTTPError:
            return False
        return answer.status_code < 400


def time_resize(stack: str, wanted: str, progress: Progress) -> float:
    """Resize as a person does, and return for how long the services were away."""
    from workbench.remote.stack_state import read_stack
    from workbench.tasks.resize.in_place import Resize

    state = read_stack(stack, progress)
    with Watcher(state.target()) as watcher:
        Resize(state, wanted, progress).run(force=True, yes=True, dry_run=False)
        away = watcher.seconds_away()
    state.close()
    return away


def time_floor(stack: str, wanted: str, progress: Progress) -> float:
    """Stop, change and start by EC2 itself; return for how long the services were away."""
    from workbench.remote.stack_state import read_stack

    state = read_stack(stack, progress)
    ec2, instance = state.aws("ec2"), str(state.outputs["instance_id"])
    with Watcher(state.target()) as watcher, progress.phase("Floor") as phase:
        phase.tick("stop, change, start")
        ec2.stop_instances(InstanceIds=[instance])
        _wait(ec2, instance, "stopped")
        ec2.modify_instance_attribute(InstanceId=instance, InstanceType={"Value": wanted})
        ec2.start_instances(InstanceIds=[instance])
        _wait(ec2, instance, "running")
        return watcher.seconds_away()


def _wait(ec2: Any, instance: str, wanted: str) -> None:
    while True:
        found = ec2.describe_instances(InstanceIds=[instance])["Reservations"][0]["Instances"][0]
        if found["State"]["Name"] == wanted:
            return
        time.sleep(0.02)


def adopt(stack: str, progress: Progress) -> None:
    """Have Pulumi and the configuration agree with what the floor did behind their backs."""
    from workbench.remote.stack_state import read_stack
    from workbench.tasks.resize.in_place import Resize
    from workbench.tasks.resize.state import read_situation

    state = read_stack(stack, progress)
    actual = read_situation(state).actual
    Resize(state, actual, progress).run(force=True, yes=True, dry_run=False)
    state.close()


def main() -> None:
    """Run both sides in turn and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=3, help="runs of each side (default 3)")
    runs = parser.parse_args().runs
    resizes, floors, loads = [], [], []
    with rehearsed("resize") as (stack, progress):
        from workbench.tasks.up.bring_up import bring_up

        bring_up(stack, progress, agree=lambda _: True, password_stdin=False)
        for run in range(runs):
            loads.append(os.getloadavg()[0])
            sides = [True, False] if run % 2 == 0 else [False, True]
            for wanted, is_resize in zip(TYPES, sides, strict=True):
                if is_resize:
                    resizes.append(time_resize(stack, wanted, progress))
                else:
                    floors.append(time_floor(stack, wanted, progress))
                    adopt(stack, progress)
    print("| run | load | resize, s | floor, s | more, s |\n|---|---|---|---|---|")
    rows = list(zip(loads, resizes, floors, strict=True))
    for number, (load, resize, floor) in enumerate(rows, 1):
        print(f"| {number} | {load:.1f} | {resize:.1f} | {floor:.1f} | {resize - floor:+.1f} |")
    more = statistics.median(resize - floor for _, resize, floor in rows)
    print(f"\nresize - floor, median: {more:+.1f} s (goal: at most +{GOAL:.0f} s)")


if __name__ == "__main__":
    main()
