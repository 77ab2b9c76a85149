"""A run of the recipe is followed step by step, from wherever it is."""

import io
import json
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from workbench.checks.target import Answer
from workbench.errors import WaitTimeoutError
from workbench.errors import WorkbenchError
from workbench.progress import Progress
from workbench.remote import recipe_run
from workbench.remote.recipe_run import Run
from workbench.remote.ssh_target import UnreachableError

STEPS = ["Mount the data volume", "Install R"]


def events(run: str, result: str = "ok", recipe: str = "aa") -> list[dict[str, Any]]:
    """Return what the server writes in one run."""
    written: list[dict[str, Any]] = [{"run": run, "event": "begin", "total": len(STEPS)}]
    for index, step in enumerate(STEPS, 1):
        place = {"run": run, "step": step, "index": index, "total": len(STEPS)}
        written.append({**place, "event": "begin"})
        failed = result == "failed" and index == len(STEPS)
        outcome = {"result": "failed", "log": ["E: no R"]} if failed else {"result": "changed"}
        written.append({**place, "event": "step", "seconds": 1.0, **outcome})
    last = {"run": run, "event": "end", "result": result, "changed": 2, "unchanged": 0}
    if result == "failed":
        last["failed_step"] = STEPS[-1]
    return [*written, last | {"recipe": recipe, "settings": "bb", "seconds": 2.0}]


class Machine:
    """A server whose recipe writes one more line whenever its progress is read."""

    def __init__(self, *, old: list[Any] | None = None, coming: list[Any] | None = None) -> None:
        self.text = _lines(old or [])
        self.coming = coming or []
        self.next_runs: list[list[Any]] = []
        self.last = (old or [None])[-1]
        self.breaks = 0
        self.breaks_at = ""
        self.state = ""
        self.log = ""
        self.asked: list[str] = []

    def run(self, command: str, *, stdin: str = "", limit: float = 60) -> Answer:
        self.asked.append(command)
        if self.breaks_at and command.startswith(self.breaks_at):
            self.breaks_at = ""
            raise UnreachableError("The SSH connection broke.")
        if command.startswith("stat"):
            return self._read(int(command.split("tail -c +")[1].split()[0]) - 1)
        if command.startswith("sudo systemctl start"):
            self.coming = self.next_runs.pop(0)
            return Answer(0, "")
        if command.startswith("systemctl show"):
            return Answer(0, "activating\n" if self.coming else "inactive\n")
        if command == f"cat {recipe_run.CONVERGED}":
            return Answer(0, json.dumps(self.last)) if self.last else Answer(1, "")
        if command.startswith("sudo -n tail"):
            return Answer(0, self.log)
        if command.startswith("systemctl is-failed"):
            return Answer(0, self.state)
        return Answer(0, "what went wrong")

    def close(self) -> None:
        pass

    def _read(self, offset: int) -> Answer:
        if self.breaks:
            self.breaks -= 1
            raise UnreachableError("The SSH connection broke.")
        if self.coming:
            self.text += _lines([self.coming.pop(0)])
        if not self.text:
            return Answer(1, "")
        return Answer(0, f"{len(self.text)}\n{self.text[offset:]}")


def _lines(written: list[Any]) -> str:
    return "".join(json.dumps(event) + "\n" for event in written)


class Door:
    command = "ssh admin@127.0.0.1"

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.opened = 0

    def wait_open(self, waiting: Any) -> Machine:
        waiting()
        self.opened += 1
        return self.machine


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recipe_run, "INTERVAL", 0)


def follow(
    machine: Machine,
    recipe: str = "aa",
    said: io.StringIO | None = None,
    log: Path | None = None,
) -> Run:
    progress = Progress(log, console=Console(file=said or io.StringIO(), width=300))
    with closing(progress), progress.phase("Server") as phase:
        run, _ = recipe_run.converge(
            Door(machine),  # type: ignore[arg-type]
            machine,  # type: ignore[arg-type]
            phase,
            wanted=lambda run: run.recipe == recipe,
        )
    return run


def started(machine: Machine) -> int:
    return sum(command.startswith("sudo systemctl start") for command in machine.asked)


def test_the_first_boots_run_is_followed_to_its_end() -> None:
    machine = Machine(coming=events("1"))
    run = follow(machine)
    assert (run.ok, run.changed, run.recipe, run.seconds) == (True, 2, "aa", 2.0)
    assert started(machine) == 0


def test_on_a_server_that_is_done_one_run_is_started() -> None:
    machine = Machine(old=events("1"))
    machine.next_runs = [events("2")]
    assert follow(machine).ok
    assert started(machine) == 1


def test_a_run_under_way_is_followed_and_not_the_old_one() -> None:
    machine = Machine(old=events("1", recipe="old"), coming=events("2"))
    assert follow(machine).recipe == "aa"
    assert started(machine) == 0


def test_a_run_that_began_before_the_newest_recipe_is_followed_by_another() -> None:
    machine = Machine(coming=events("1", recipe="old"))
    machine.next_runs = [events("2")]
    # What the first run leaves behind is what the second one finds as the last.
    assert follow(machine).recipe == "aa"
    assert started(machine) == 1


@pytest.mark.parametrize("breaks", [1, 3])
def test_a_connection_that_breaks_in_the_middle_is_made_again(breaks: int) -> None:
    machine = Machine(coming=events("1"))
    machine.breaks = breaks
    assert follow(machine).ok


@pytest.mark.parametrize("command", ["cat", "systemctl show", "sudo systemctl start"])
def test_one_that_breaks_before_a_run_begins_is_made_again(command: str) -> None:
    machine = Machine(old=events("1"))
    machine.next_runs = [events("2")]
    machine.breaks_at = command
    assert follow(machine).ok


def test_a_connection_that_never_holds_is_told() -> None:
    machine = Machine(coming=events("1"))
    machine.breaks = 99
    with pytest.raises(UnreachableError):
        follow(machine)


def test_a_failed_step_is_shown_with_its_own_lines_and_the_machine_is_kept() -> None:
    with pytest.raises(WorkbenchError) as failure:
        follow(Machine(coming=events("1", result="failed")))
    assert failure.value.message == "The server's recipe failed at: Install R\n    E: no R"
    assert "The machine is kept" in failure.value.hint
    assert Door.command in failure.value.hint


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (
            "URLError: <urlopen error [Errno -3] Temporary failure in name resolution>",
            "can't look up names (DNS)",
        ),
        (
            "URLError: <urlopen error [Errno 101] Network is unreachable>",
            "can't reach the internet",
        ),
        ("TimeoutError: timed out", "the bucket doesn't answer"),
        ("HTTPError: HTTP Error 403: Forbidden", "refuses the server's role"),
        ("ValueError: the recipe's SHA-256", "can't be fetched: ValueError"),
    ],
)
def test_why_a_server_cannot_begin_is_told_while_it_still_tries(
    error: str, told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Stuck(Machine):
        def _read(self, offset: int) -> Answer:
            # Once that was said, the network is there, and the recipe begins.
            if told in said.getvalue():
                return super()._read(offset)
            return Answer(1, "")

    # Every line is shown, not one each 20 seconds.
    monkeypatch.setattr("workbench.progress.PLAIN_INTERVAL", 0)
    said, log = io.StringIO(), tmp_path / "converge.log"
    machine = Stuck(coming=events("1"))
    machine.log = f"fetch: {error}\n"
    assert follow(machine, said=said, log=log).ok
    assert log.read_text().count(told) == 1


def test_a_step_that_failed_for_want_of_names_says_so() -> None:
    failing = events("1", result="failed")
    failing[-2]["log"] = ["E: Temporary failure resolving 'packages.example'"]
    with pytest.raises(WorkbenchError, match=r"Install R\. Likely the server can't look up names"):
        follow(Machine(coming=failing))


def test_a_bootstrap_that_failed_is_told_at_once() -> None:
    machine = Machine()
    machine.state = "failed\n"
    with pytest.raises(WorkbenchError, match="The server didn't start its recipe"):
        follow(machine)


def test_a_run_that_never_ends_has_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    machine = Machine(coming=events("1")[:2])
    monkeypatch.setattr(
        recipe_run.Follower.wait_end, "__kwdefaults__", {"limit": 0.05, "begin_limit": 9}
    )
    with pytest.raises(WaitTimeoutError, match="didn't finish within"):
        follow(machine)


def test_a_progress_file_that_began_anew_is_read_from_its_beginning() -> None:
    machine = Machine(old=events("1"))

    def rotate() -> list[Any]:
        machine.text = ""
        return events("2")

    class Runs(list[Any]):
        def pop(self, index: Any = 0) -> Any:
            return rotate()

    machine.next_runs = Runs()
    assert follow(machine).ok
