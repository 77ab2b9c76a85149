"""Follow a run of the recipe on the server, step by step, and start one where needed."""

import time
from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field
from typing import Any
from typing import TypeVar

from workbench.checks.server import CONVERGED
from workbench.checks.target import Server
from workbench.errors import WaitTimeoutError
from workbench.errors import WorkbenchError
from workbench.progress import Phase
from workbench.remote.hindrances import explain_fetch
from workbench.remote.hindrances import find_cause
from workbench.remote.ssh_target import Door
from workbench.remote.ssh_target import RemoteServer
from workbench.remote.ssh_target import UnreachableError
from workbench.terminal import TAB
from workbench.terminal import escape
from workbench.terminal import read_json
from workbench.waiting import wait_for

PROGRESS = "/var/log/workbench/progress.jsonl"
LOG = "/var/log/workbench/converge.log"
UNIT = "workbench-converge"
INTERVAL = 1.0
# The whole recipe on a small instance with a slow mirror; and one step of it.
RUN_LIMIT = 45 * 60.0
# From the first login to the first step: cloud-init still installs the bootstrap.
BEGIN_LIMIT = 300.0
SHOWN_LOG_LINES = 25
# One answer is asked for over so many connections: SSH may restart more than once.
MOST_BREAKS = 5

_Answer = TypeVar("_Answer")


@dataclass(frozen=True)
class Run:
    """How a run of the recipe ended."""

    result: str
    changed: int = 0
    unchanged: int = 0
    seconds: float = 0.0
    recipe: str = ""
    settings: str = ""
    failed_step: str = ""
    log: tuple[str, ...] = field(default_factory=tuple)

    @property
    def ok(self) -> bool:
        """Whether every step succeeded."""
        return self.result == "ok"


def last_run(server: Server) -> Run | None:
    """Return the server's last finished run, None before the first."""
    answer = server.run(f"cat {CONVERGED}")
    return read_run(read_json(answer.stdout)) if answer.ok else None


def is_running(server: Server) -> bool:
    """Return whether a run is in progress."""
    state = server.run(f"systemctl show -p ActiveState --value {UNIT}").stdout.strip()
    # The unit is a oneshot: activating while it runs, inactive or failed after.
    return state == "activating"


class Follower:
    """Read the server's progress lines as they come, over any number of connections.

    A connection may break in the middle (the recipe restarts SSH when it restores the host
    keys); reading continues where it stopped.
    """

    def __init__(self, door: Door, server: RemoteServer, phase: Phase) -> None:
        self._door, self._phase = door, phase
        self.server = server
        self._offset = 0
        self._log: tuple[str, ...] = ()
        self._now = "waiting for the server's first step"
        self._has_unit = False

    def last_run(self) -> Run | None:
        """Return the last finished run, None before the first."""
        return self._ask(last_run)

    def begin_behind_last(self) -> None:
        """Follow the run after the last one that ended: the one in progress, or one to start."""
        self._has_unit, self._offset = True, 0
        lines = self._read().splitlines(keepends=True)
        ends = [place for place, line in enumerate(lines, 1) if _event(line).get("event") == "end"]
        self._offset = len("".join(lines[: ends[-1]] if ends else []).encode())

    def wait_end(self, *, limit: float = RUN_LIMIT, begin_limit: float = BEGIN_LIMIT) -> Run:
        """Show every step until the run ends; ``limit`` and ``begin_limit`` are in seconds."""
        started, seen = time.monotonic(), False

        def ended() -> Run | None:
            nonlocal seen
            for event in self._new_events():
                seen = True
                if event.get("event") == "end":
                    return read_run(event, self._log)
                self._show(event)
            if not seen:
                self._say_hindrance()
                self._expect_begin(time.monotonic() - started, begin_limit)
            return None

        run = wait_for(ended, limit, INTERVAL, waiting=lambda: self._phase.tick(self._now))
        if run is None:
            raise WaitTimeoutError(
                f"The recipe didn't finish within {limit / 60:.0f} minutes; it may still be"
                " running.",
                f"{self._door.command} tail -f {LOG}",
            )
        return run

    def _say_hindrance(self) -> None:
        """Say at once why the server can't begin: it tries for minutes before it gives up."""
        told = explain_fetch(self._try(f"sudo -n tail -n 1 {LOG}"))
        if told and told not in self._now:
            self._now = f"waiting for the server's first step: {told}"
            self._phase.update(self._now)

    def _expect_begin(self, waited: float, begin_limit: float) -> None:
        if self._has_unit and not self._ask(is_running):
            # Started here and not before: a run that is just ending swallows the request.
            self._ask(start_run)
            return
        if waited < begin_limit and (self._has_unit or not self._bootstrap_failed()):
            return
        raise WorkbenchError(
            f"The server didn't start its recipe.\n{self._bootstrap_log()}",
            f"The machine is kept so you can look at it:\n  {self._door.command}",
        )

    def _bootstrap_failed(self) -> bool:
        state = self._try(f"systemctl is-failed {UNIT}; cloud-init status 2>/dev/null")
        return state.startswith("failed") or "status: error" in state

    def _bootstrap_log(self) -> str:
        text = self._try(
            f"sudo tail -n {SHOWN_LOG_LINES} /var/log/cloud-init-output.log;"
            f" sudo journalctl -u {UNIT} -n {SHOWN_LOG_LINES} --no-pager -o cat"
        )
        return _indent(text.splitlines())

    def _show(self, event: dict[str, Any]) -> None:
        step, result = event.get("step"), event.get("result")
        if not step:
            return
        self._now = f"{event.get('index', '?')}/{event.get('total', '?')} {step}"
        if result:
            self._phase.update(f"{self._now}: {result}, {event.get('seconds', 0):.1f} s")
        if result == "failed":
            self._log = tuple(event.get("log") or ())

    def _new_events(self) -> Iterator[dict[str, Any]]:
        whole, newline, _ = self._read().rpartition("\n")
        self._offset += len((whole + newline).encode())
        yield from map(_event, whole.splitlines())

    def _read(self) -> str:
        """Return what the file holds behind the offset; all of it when it started again."""
        size, _, text = self._try(
            f"stat -c %s {PROGRESS} 2>/dev/null && tail -c +{self._offset + 1} {PROGRESS}"
        ).partition("\n")
        if size and int(size) < self._offset:
            self._offset = 0
            return self._try(f"cat {PROGRESS}")
        return text

    def _try(self, command: str) -> str:
        """Return what a command prints."""
        return self._ask(lambda server: server.run(command).stdout)

    def _ask(self, question: Callable[[RemoteServer], _Answer]) -> _Answer:
        """Return the server's answer; connect again, with a limit, when the connection breaks."""
        for _ in range(MOST_BREAKS):
            try:
                return question(self.server)
            except UnreachableError:
                # It may have been the command alone that was interrupted.
                self.server.close()
                self.server = self._door.wait_open(waiting=self._say_reconnecting)
        return question(self.server)

    def _say_reconnecting(self) -> None:
        self._phase.tick("the connection broke, connecting again")


def _event(line: str) -> dict[str, Any]:
    """Return a line's event; an empty one for a line that is none."""
    try:
        event = read_json(line)
    except ValueError:
        return {}
    return event if isinstance(event, dict) else {}


def start_run(server: Server) -> None:
    """Begin a run of the recipe."""
    answer = server.run(f"sudo systemctl start --no-block {UNIT}")
    if not answer.ok:
        raise WorkbenchError(
            f"The recipe can't be started: {answer.stderr.strip()}",
            f"sudo systemctl status {UNIT}   (on the server)",
        )


def converge(
    door: Door, server: RemoteServer, phase: Phase, *, wanted: Callable[[Run], bool]
) -> tuple[Run, RemoteServer]:
    """Bring the server to what the stack has; return how it went and the connection to it.

    A run in progress (the first boot's) is followed, else one is started: with nothing to do it
    takes seconds, and what was changed manually is reverted.
    """
    follower = Follower(door, server, phase)
    if follower.last_run() is not None:
        follower.begin_behind_last()
    run = follower.wait_end()
    if not run.ok or wanted(run):
        return _checked(run, door), follower.server
    # It began before the newest recipe and settings were in the bucket.
    follower.begin_behind_last()
    return _checked(follower.wait_end(), door), follower.server


def _checked(run: Run, door: Door) -> Run:
    if run.ok:
        return run
    step, cause = run.failed_step or "an unnamed step", find_cause(run.log)
    raise WorkbenchError(
        f"The server's recipe failed at: {step}{f'. Likely {cause}' if cause else ''}\n"
        f"{_indent(run.log[-SHOWN_LOG_LINES:])}",
        "After you fix the cause, the same command continues from there. The machine is kept"
        f" so you can look at it; its full log is {LOG}:\n  {door.command}",
    )


def read_run(event: Mapping[str, Any], log: tuple[str, ...] = ()) -> Run:
    """Return what a run's last event says."""
    return Run(
        result=str(event.get("result", "failed")),
        changed=int(event.get("changed", 0)),
        unchanged=int(event.get("unchanged", 0)),
        seconds=float(event.get("seconds", 0)),
        recipe=str(event.get("recipe", "")),
        settings=str(event.get("settings", "")),
        failed_step=str(event.get("failed_step", "")),
        log=log or tuple(event.get("log") or ()),
    )


def _indent(lines: tuple[str, ...] | list[str]) -> str:
    return "\n".join(f"    {escape(line, keep=TAB)}" for line in lines)
