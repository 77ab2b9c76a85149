"""Give a server another instance type: stop, change, start, through the stack's configuration.

Every step can be done again after it was interrupted: what is so is read from the configuration,
Pulumi's state and AWS, and what was before from a note.
"""

from collections.abc import Callable

from workbench.configured import INSTANCE_TYPE
from workbench.engine.failures import InterruptedUpdateError
from workbench.engine.failures import StackLockedError
from workbench.errors import WorkbenchError
from workbench.progress import Progress
from workbench.remote.power import PowerWatch
from workbench.remote.selection import find_project
from workbench.remote.stack_state import StackState
from workbench.tasks.changes.apply import Interrupted
from workbench.tasks.changes.apply import change_configuration
from workbench.tasks.changes.apply import confirm
from workbench.tasks.changes.guard import Change
from workbench.tasks.changes.guard import hold
from workbench.tasks.changes.stack_lock import when_free
from workbench.tasks.changes.verify import failing
from workbench.tasks.command_name import as_typed
from workbench.tasks.errors import cut_off_by_aws
from workbench.tasks.errors import is_of_aws
from workbench.tasks.resize.end import finish
from workbench.tasks.resize.end import get_in
from workbench.tasks.resize.note import NOTE
from workbench.tasks.resize.note import Note
from workbench.tasks.resize.plan import look_ahead
from workbench.tasks.resize.plan import other_changes
from workbench.tasks.resize.rollback import roll_back
from workbench.tasks.resize.state import read_situation

# Shows the plan with what Pulumi would do besides; raises unless the person agrees.
Agree = Callable[[list[str]], None]


class _DryRun(Exception):
    """Nothing is to be done: leaves the configuration as it was."""


class Resize:
    """One resize of a stack's server to a type, from wherever an earlier one got to."""

    def __init__(self, state: StackState, wanted: str, progress: Progress) -> None:
        self._state, self._wanted, self._progress = state, wanted, progress
        self._now = read_situation(state)
        self._agreed = self._is_booting = self._knew_door = False
        # The checks that failed before anything was done.
        self._known = self._now.note.failing if self._now.note else []

    def run(self, *, force: bool, yes: bool, dry_run: bool) -> None:
        """Do it, or say that there is nothing to do."""
        if self._is_done():
            print(f"The server is already a {self._wanted}: nothing to do.")
            print(as_typed(f"  workbench status --stack {self._state.stack}"))
            return
        command = self._command(self._wanted)
        if self._stops:
            plan, people = look_ahead(self._state, self._now, self._wanted, self._progress)
            if not dry_run:
                people.refuse_stop(f"{command} --force", force=force)
            self._knew_door = self._now.power == "running" and not people.problem
        else:
            plan = [
                f"The server is already a {self._wanted}, but the resize hasn't finished.",
                "What is left: Pulumi, recipe and checks. Nothing stops for that.",
            ]

        def agree(others: list[str]) -> None:
            typed = f"{command} --force" if force else command
            if not confirm([*plan, *others], typed, yes=yes, dry_run=dry_run):
                raise _DryRun
            self._begin()

        try:
            self._carry_out(agree, dry_run=dry_run)
        except _DryRun:
            return
        except (KeyboardInterrupt, InterruptedUpdateError) as error:
            raise self._interrupted() from error
        except Exception as error:
            if not self._agreed or not is_of_aws(error):
                raise
            going_on = f"{command}   continues"
            raise cut_off_by_aws(error, "the resize hasn't finished", going_on) from error

    def _is_done(self) -> bool:
        now = self._now
        is_it = now.agrees and now.actual == self._wanted
        return is_it and now.power == "running" and now.note is None

    @property
    def _stops(self) -> bool:
        """Whether the server has to stop, or has stopped, for what is left to do."""
        return self._now.actual != self._wanted or self._now.power != "running"

    def _command(self, instance_type: str) -> str:
        return f"workbench resize {instance_type} --stack {self._state.stack}"

    def _begin(self) -> None:
        """Note what was, before the first change."""
        if self._stops:
            if self._now.note is None and self._now.power == "running":
                failed = failing(self._state.target(), self._progress)
                self._known = [report.name for report in failed]
            before, configured = self._now.before, self._now.configured_before
            NOTE.write(self._state, Note(self._wanted, before, configured, self._known))
        self._agreed = True
        # The server stops: this connection would only break.
        self._state.close()

    def _carry_out(self, agree: Agree, *, dry_run: bool) -> None:
        try:
            self._change(agree, dry_run=dry_run)
            self._is_booting = True
            get_in(self._state, self._progress, by_ssh=self._knew_door)
        except (InterruptedUpdateError, StackLockedError):
            raise
        except WorkbenchError as error:
            if not self._agreed:
                raise
            roll_back(
                self._state,
                self._now,
                self._wanted,
                error,
                self._progress,
                known=self._known,
                is_booting=self._is_booting,
            )
        finish(self._state, self._now, self._wanted, self._known, self._progress)

    def _change(self, agree: Agree, *, dry_run: bool) -> None:
        """Set the configuration, and let Pulumi make it so."""
        from workbench.engine.stacks import open_stack

        now, opened = self._now, open_stack(self._state.stack, find_project(), self._progress)
        if now.actual == self._wanted:
            # An earlier one got as far as that; Pulumi may not know it yet.
            agree([])
            opened.set_config({INSTANCE_TYPE: self._wanted})
            if not now.agrees:
                when_free(opened.refresh)
                hold(when_free(opened.preview), Change.RESIZE, self._state.stack)
                when_free(opened.up)
            return
        if now.pending or now.known != now.actual:
            if dry_run:
                agree([])
            when_free(opened.refresh)
        change_configuration(
            self._state,
            {INSTANCE_TYPE: self._wanted},
            self._progress,
            Change.RESIZE,
            check=lambda changes: agree(other_changes(changes)),
        )

    def _interrupted(self) -> Interrupted:
        """Say what exists, and what to type to continue or go back."""
        if not self._agreed:
            return Interrupted("Interrupted: nothing was changed.")
        instance = self._now.instance["InstanceId"]
        watch = PowerWatch(self._state.aws("ec2"), instance, self._state.stack)
        hint = f"{self._command(self._wanted)}   continues"
        if self._now.before != self._wanted:
            hint += f"\n  {self._command(self._now.before)}   restores the old type"
        return Interrupted(
            f"Interrupted: {instance} is {watch.state}, and its type is {watch.instance_type}.",
            hint,
        )
