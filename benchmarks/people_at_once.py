"""How many people fit: each signs in, starts Jupyter and holds 50 MiB in a notebook, all at once.

Prints for each instance type and number of people how many notebooks were alive with everyone
there, and what a person takes. Only memory is measured: where starts wait for the processor, they
wait. Who fits with 50 MiB each doesn't with 500.
"""

import argparse
import contextlib
import subprocess
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from rehearsed import rehearsed

from workbench.progress import Progress
from workbench.progress import stderr_progress
from workbench.remote.passwords import generate_password

TYPES = ("t3.small", "t3.medium", "t3.large")
NUMBERS = (1, 5, 10, 20)
# People don't all come in the same second.
STARTS_AT_ONCE = 3
HOLD = "held = b'x' * (50 << 20); print(len(held) >> 20)"
STILL = "print(len(held) >> 20)"
USED = """
import sys; sys.path.insert(0, "/opt/workbench/recipe/current")
from workbench.host.shares.cgroups import PEOPLE, Cgroups
print(Cgroups().used(PEOPLE) >> 20)
"""


class Crowd:
    """People who hold their notebooks until everyone has one, or failed to get one."""

    def __init__(self, target: Any, names: list[str], password: str) -> None:
        self._target, self._names, self._password = target, names, password
        self._starting = threading.Semaphore(STARTS_AT_ONCE)
        self._settled = threading.Semaphore(0)
        self._measured = threading.Event()

    def hold(self, measure: Any) -> tuple[int, int]:
        """Return how many notebooks were alive with everyone there, and what ``measure`` said."""
        with ThreadPoolExecutor(len(self._names)) as pool:
            people = [pool.submit(self._work, name) for name in self._names]
            for _ in people:
                self._settled.acquire()
            measured = int(measure())
            self._measured.set()
            return sum(person.result() for person in people), measured

    def _work(self, name: str) -> bool:
        from workbench.checks.kernel import execute

        is_settled = False
        try:
            with contextlib.ExitStack() as stack:
                with self._starting:
                    person = stack.enter_context(_signed_in(self._target, name, self._password))
                    kernel = person.api("POST", "kernels", json={"name": "python3"}).json()["id"]
                    path = f"/jupyter/user/{name}/api/kernels/{kernel}"
                    held = execute(self._target, person.host, path, person.headers, HOLD).strip()
                self._settled.release()
                is_settled = True
                self._measured.wait()
                still = execute(
                    self._target, person.host, path, person.headers, STILL, limit=60
                ).strip()
                return held == still == "50"
        except Exception as error:  # what fails is what is counted
            print(f"{name}: {type(error).__name__}: {str(error)[:200]}")
            return False
        finally:
            if not is_settled:
                self._settled.release()


@contextlib.contextmanager
def _signed_in(target: Any, name: str, password: str) -> Iterator[Any]:
    from workbench.checks.hub import session

    with session(target, name, password) as person:
        yield person


def count(stack: str, kind: str, numbers: list[int], progress: Progress) -> list[tuple[Any, ...]]:
    """Make the server a type, and return a row for each number of people, up to the first miss."""
    from workbench.rehearsal.names import rehearsal_of
    from workbench.remote.stack_state import read_stack
    from workbench.tasks.resize.in_place import Resize
    from workbench.tasks.resize.state import read_situation

    state = read_stack(stack, progress)
    if read_situation(state).actual != kind:
        Resize(state, kind, progress).run(force=True, yes=True, dry_run=False)
        state.close()
        state = read_stack(stack, progress)
    machine = f"workbench-{rehearsal_of(stack)}-{state.outputs['instance_id']}"
    password, names = generate_password(), [f"person{n}" for n in range(1, max(numbers) + 1)]
    _in_machine(machine, "".join(f"useradd -m -s /bin/bash -G workbench {n}\n" for n in names))
    _in_machine(machine, "chpasswd", "".join(f"{name}:{password}\n" for name in names))
    rows: list[tuple[Any, ...]] = []
    try:
        for number in numbers:
            before = _used(machine)
            crowd = Crowd(state.target(), names[:number], password)
            with progress.phase(f"{number} people on {kind}"):
                alive, used = crowd.hold(lambda: _used(machine))
            rows.append((kind, number, alive, used, round((used - before) / number)))
            if alive < number:
                break
    finally:
        for name in names:
            _in_machine(machine, f"loginctl terminate-user {name}; pkill -9 -u {name}; true")
            _in_machine(machine, f"userdel -r {name} 2>/dev/null; true")
        state.close()
    return rows


def _used(machine: str) -> int:
    return int(_in_machine(machine, "python3 -", USED))


def _in_machine(machine: str, script: str, stdin: str = "") -> str:
    command = ["docker", "exec", "-i", machine, "bash", "-c", script]
    return subprocess.run(command, input=stdin, capture_output=True, text=True, check=True).stdout


def main() -> None:
    """Count on each type, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--types", default=",".join(TYPES), help="instance types")
    parser.add_argument("--people", default=",".join(map(str, NUMBERS)), help="how many at once")
    parser.add_argument("--stack", help="a rehearsal's stack that is there already")
    options = parser.parse_args()
    numbers = [int(each) for each in options.people.split(",")]
    with contextlib.ExitStack() as held:
        if options.stack:
            stack, progress = options.stack, stderr_progress(None)
        else:
            from workbench.tasks.up.bring_up import bring_up

            stack, progress = held.enter_context(rehearsed("people"))
            bring_up(stack, progress, agree=lambda _: True, password_stdin=False)
        rows = [
            row
            for kind in options.types.split(",")
            for row in count(stack, kind, numbers, progress)
        ]
    print("| type | people | notebooks alive | memory of all, MiB | of each, MiB |")
    print("|---|---|---|---|---|")
    for row in rows:
        print(f"| {' | '.join(map(str, row))} |")


if __name__ == "__main__":
    main()
