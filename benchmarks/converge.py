"""Time converges that have nothing to do, over a network with a round trip of 80 ms.

Side by side, in turn, through the same forwarder: `workbench converge`, the same recipe by pyinfra
over SSH, and an equivalent playbook by Ansible. A run that changed something is an error.
"""

import argparse
import json
import os
import platform
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import metadata
from pathlib import Path
from typing import Any

from delayed import delayed
from equivalents import Far
from equivalents import install
from equivalents import write_ansible
from equivalents import write_pyinfra
from equivalents import write_sources
from rehearsed import PROJECT
from rehearsed import rehearsed

from workbench.remote.stack_state import StackState

MANAGED = Path(__file__).with_name("managed_by_recipe.py")
RECIPE = "cd /opt/workbench/recipe/current && /opt/workbench/venv/bin/python -"
# What each prints when it has changed nothing.
UNCHANGED = {
    "workbench converge": r"Nothing to change",
    "pyinfra over SSH": r"Grand total\W+\d+\W+-\W+\d+\W+-",
    "Ansible": r"changed=0 +unreachable=0 +failed=0",
}
SSH = 22


def time_once(name: str, command: list[str], folder: Path, environment: dict[str, str]) -> float:
    """Return the seconds of one run that must change nothing."""
    begun = time.monotonic()
    done = subprocess.run(
        command, cwd=folder, env=environment, check=False, capture_output=True, text=True
    )
    seconds = time.monotonic() - begun
    said = done.stdout + done.stderr
    if done.returncode or not re.search(UNCHANGED[name], said):
        raise SystemExit(f"{name} did not end with nothing to change:\n{said[-4000:]}")
    return seconds


@contextmanager
def far_away(state: StackState, port: int, folder: Path) -> Iterator[dict[str, str]]:
    """Give an environment in which the rehearsal's SSH port is the forwarder's."""
    # A state folder with the same content, but for where the address answers.
    rehearsal = folder / "state" / "rehearsals" / state.folder.name
    rehearsal.mkdir(parents=True)
    for path in state.folder.iterdir():
        (rehearsal / path.name).symlink_to(path)
    described = rehearsal / "rehearsal.json"
    content = json.loads(described.read_text())
    content["addresses"][state.outputs["address"]][str(SSH)] = port
    described.unlink()
    described.write_text(json.dumps(content))
    yield os.environ | {"WORKBENCH_STATE_DIR": str(folder / "state")}


def compare(state: StackState, folder: Path, runs: int, delay: float) -> dict[str, list[float]]:
    """Run all three in turn; return the seconds of each run, by name."""
    container = f"workbench-{state.folder.name}-{state.outputs['instance_id']}"
    managed = _managed(container)
    write_sources(folder, managed)
    install(folder)
    door = state.door()
    with (
        delayed(door.host, door.port, delay) as port,
        far_away(state, port, folder) as environment,
    ):
        far = Far(
            host=door.host,
            port=port,
            user=door.user,
            key=door.key.path,
            known_hosts=door.known_hosts.path,
            instance_id=door.instance_id,
        )
        program = str(Path(sys.executable).with_name("workbench"))
        ours = [program, "converge", "--yes", "--stack", state.stack]
        sides: dict[str, tuple[list[str], Path, dict[str, str]]] = {
            "workbench converge": (ours, PROJECT, environment),
            "pyinfra over SSH": (write_pyinfra(folder, managed, far), folder, environment),
            "Ansible": (write_ansible(folder, managed, far), folder, environment),
        }
        return _in_turn(runs, {name: _timer(name, *side) for name, side in sides.items()})


def _timer(
    name: str, command: list[str], folder: Path, environment: dict[str, str]
) -> Callable[[], float]:
    return lambda: time_once(name, command, folder, environment)


def _in_turn(runs: int, timers: dict[str, Callable[[], float]]) -> dict[str, list[float]]:
    """Run each once to warm caches (Ansible's connection closes between runs), then in turn."""
    seconds: dict[str, list[float]] = {name: [] for name in timers}
    for run in range(runs + 1):
        for name, timer in timers.items():
            took = timer()
            if run:
                seconds[name].append(took)
            print(f"  {name}: {took:.1f} s{'' if run else ' (not counted)'}", file=sys.stderr)
    return seconds


def _managed(container: str) -> dict[str, Any]:
    done = subprocess.run(
        ["docker", "exec", "-i", container, "bash", "-c", RECIPE],
        input=MANAGED.read_text(),
        check=True,
        capture_output=True,
        text=True,
    )
    return dict(json.loads(done.stdout))


def report(seconds: dict[str, list[float]], delay: float, load: float) -> str:
    """Return the table, the ratio, and what it was measured on."""
    rows = [
        f"| {name} | {min(each):.1f} | {statistics.median(each):.1f} | {max(each):.1f} |"
        for name, each in seconds.items()
    ]
    ours, *others = (statistics.median(each) for each in seconds.values())
    runs = len(seconds["Ansible"])
    return "\n".join(
        [
            f"| no-op converge, {2000 * delay:.0f} ms round trip | min s | median s | max s |",
            "|---|---|---|---|",
            *rows,
            "",
            f"faster than the faster of the two: {min(others) / ours:.1f} times (goal: 5);"
            f" {runs} runs of each, in turn",
            f"{platform.platform()}, {os.cpu_count()} CPUs, Python {platform.python_version()},"
            f" Fabric {metadata.version('fabric')}; load average {load:.1f} before,"
            f" {os.getloadavg()[0]:.1f} after",
        ]
    )


def main() -> None:
    """Compare and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5, help="runs of each side (default 5)")
    parser.add_argument("--delay", type=float, default=40, help="ms each way (default 40)")
    parser.add_argument("--stack", help="a rehearsal's stack that is up and converged already")
    options = parser.parse_args()
    from workbench.progress import Progress
    from workbench.remote.stack_state import read_stack

    load, delay = os.getloadavg()[0], options.delay / 1000
    with tempfile.TemporaryDirectory(prefix="workbench-converge-") as name:
        folder = Path(name)
        if options.stack:
            state = read_stack(options.stack, Progress(quiet=True))
            seconds = compare(state, folder, options.runs, delay)
        else:
            from workbench.tasks.up.bring_up import bring_up

            with rehearsed("converge") as (stack, progress):
                bring_up(stack, progress, agree=lambda _: True, password_stdin=False)
                seconds = compare(read_stack(stack, progress), folder, options.runs, delay)
    print(report(seconds, delay, load))


if __name__ == "__main__":
    main()
