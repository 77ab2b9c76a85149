"""Carry out a stack's operations through Pulumi's Automation API, and explain its errors."""

from collections.abc import Callable
from datetime import UTC
from datetime import datetime
from pathlib import Path
from typing import Any

from pulumi import automation
from pulumi.automation import errors
from pulumi.automation._stack import StackInitMode

from workbench.engine.changes import Changes
from workbench.engine.command import EngineCommand
from workbench.engine.environment import engine_variables
from workbench.engine.events import Reporter
from workbench.engine.failures import InterruptedUpdateError
from workbench.engine.failures import StackMissingError
from workbench.engine.failures import explain
from workbench.engine.find import Engine
from workbench.engine.interruption import Interrupted
from workbench.engine.locks import lock_holders
from workbench.engine.locks import locked_error
from workbench.engine.state import State
from workbench.errors import WorkbenchError
from workbench.progress import Progress

# What to do, given the options of every operation and of those with a summary.
Run = Callable[[dict[str, Any], dict[str, Any]], object]
ReadState = Callable[[], State]


class NamedStack(automation.Stack):
    """The Automation API's stack, in one run of the engine for each operation.

    Without ``pulumi stack select``: every command names its stack, so that what the person has
    selected stays selected. And without what the Automation API asks once an operation has ended,
    for outputs (twice) and the history: what was changed is in the events.
    """

    def __init__(self, name: str, workspace: automation.Workspace) -> None:
        self.name = name
        self.workspace = workspace
        self._mode = StackInitMode.SELECT

    def outputs(self) -> dict[str, automation.OutputValue]:
        """Return none: an operation's end asks for them, and nobody reads them there."""
        return {}

    def info(self, show_secrets: bool = False) -> automation.UpdateSummary:
        """Return what a summary is made of, without a summary."""
        return automation.UpdateSummary("", datetime.now(UTC), "", {}, {}, "")


class Operations:
    """The engine's commands on one stack."""

    def __init__(self, name: str, project_dir: Path, engine: Engine, progress: Progress) -> None:
        self._name = name
        self._project_dir = project_dir
        self._progress = progress
        self._reporter: Reporter | None = None
        self._command = EngineCommand(
            engine, engine_variables(engine, name, project_dir), self._on_interrupt
        )
        # No ProjectSettings: the Automation API would rewrite Pulumi.yaml with what it knows.
        workspace = automation.LocalWorkspace(
            work_dir=str(project_dir), pulumi_command=self._command
        )
        self.stack = NamedStack(name, workspace)

    def exists(self) -> bool:
        """Whether the backend has the stack."""
        try:
            self.run(["stack", "--show-name", "--stack", self._name], "stack")
        except StackMissingError:
            return False
        return True

    def create(self) -> None:
        """Make the stack, empty, without selecting it."""
        self.run(["stack", "init", self._name, "--no-select"], "stack init")

    def run(self, args: list[str], what: str) -> str:
        """Run one quick command; return its standard output."""
        return self._quick(args, what, "")

    def set_secret(self, key: str, value: str, where: list[str]) -> None:
        """Encrypt a value into the configuration; it is never an argument of a program."""
        self._quick(["config", "set", "--secret", *where, key], "config", value)

    def preview(self, title: str, state: ReadState, config: Path | None = None) -> Changes:
        """Return what ``up`` would change, with the stack's configuration or another file's."""
        where = str(config) if config else None
        return self._operate(
            title,
            "preview",
            state,
            lambda options, _: self.stack.preview(**options, config_file=where),
        )

    def up(self, title: str, state: ReadState) -> Changes:
        """Make what the program declares."""
        return self._operate(
            title,
            "up",
            state,
            lambda options, shown: self.stack.up(**options, **shown, suppress_outputs=True),
        )

    def refresh(self, title: str, state: ReadState, *, clear_pending: bool) -> Changes:
        """Adopt what is; with ``clear_pending`` forget what was being created."""
        return self._operate(
            title,
            "refresh",
            state,
            lambda options, shown: self.stack.refresh(
                **options, **shown, clear_pending_creates=clear_pending
            ),
        )

    def destroy(self, title: str, state: ReadState, urn: str = "") -> Changes:
        """Remove what the stack made; with ``urn`` only that, and what depends on it."""
        only: dict[str, Any] = {"target": [urn], "target_dependents": True} if urn else {}
        return self._operate(
            title,
            "destroy",
            state,
            lambda options, shown: self.stack.destroy(**options, **shown, **only),
        )

    def _operate(self, title: str, what: str, state: ReadState, run: Run) -> Changes:
        """Run a long operation with its progress; return what it changed."""
        with self._progress.phase(title) as phase:
            reporter = self._reporter = Reporter(self._progress, phase)
            options = {
                "color": "never",
                "on_event": reporter.on_event,
                "on_output": self._progress.log,
            }
            try:
                self._unlocking(lambda: run(options, {"show_secrets": False}))
            except Interrupted:
                raise self._interrupted(what, state()) from None
            except errors.CommandError as error:
                raise self._explained(error, what, reporter) from error
            finally:
                self._reporter = None
        return Changes(reporter.counts, tuple(reporter.changes))

    def _quick(self, args: list[str], what: str, stdin: str) -> str:
        try:
            result = self._command.execute(args, str(self._project_dir), {}, stdin=stdin)
        except Interrupted:
            raise KeyboardInterrupt from None
        if result.code != 0:
            error = errors.create_command_error(result)
            raise self._explained(error, what, None) from error
        return result.stdout

    def _unlocking(self, run: Callable[[], object]) -> None:
        """Run; where only a process that has ended holds the lock, take it off and run again."""
        try:
            run()
        except errors.ConcurrentUpdateError:
            holders = lock_holders(self._command.last.stderr)
            if not holders or not all(each.is_gone for each in holders):
                raise
            pids = ", ".join(str(each.pid) for each in holders)
            self._progress.say(
                f"The stack was locked by an update that is gone (process {pids}): unlocked."
            )
            self.run(["cancel", self._name, "--yes"], "cancel")
            run()

    def _on_interrupt(self, count: int) -> None:
        if self._reporter is not None:
            self._reporter.on_interrupt(count)

    def _explained(
        self, error: errors.CommandError, what: str, reporter: Reporter | None
    ) -> WorkbenchError:
        stderr = self._command.last.stderr
        if isinstance(error, errors.StackNotFoundError):
            return StackMissingError.named(self._name)
        if isinstance(error, errors.ConcurrentUpdateError):
            return locked_error(self._name, lock_holders(stderr))
        log = self._progress.log_path
        details = f"Details: {log}" if log is not None else ""
        return explain(self._name, reporter.errors if reporter else (), stderr, what, details)

    def _interrupted(self, what: str, state: State) -> InterruptedUpdateError:
        told = ["Interrupted.", state.told()]
        again = "workbench destroy" if what == "destroy" else "workbench up"
        space = " " * (3 + len("workbench destroy") - len(again))
        unknown = ", ".join(str(resource) for _, resource in state.pending)
        if unknown:
            told.append(f"Of {unknown} it isn't known whether it was finished.")
        hint = f"{again} --stack {self._name}{space}continues"
        if state.resources or state.pending:
            hint += f"\n  workbench destroy --stack {self._name}   removes what exists"
        return InterruptedUpdateError(" ".join(told), hint)
