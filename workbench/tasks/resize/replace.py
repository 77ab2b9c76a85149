"""Replace the server by a bigger one, built alongside it: ``workbench resize TYPE --replace``.

The old one serves until the new one is ready, and is kept until that one's checks pass.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from workbench.configured import PROTECT
from workbench.engine.failures import InterruptedUpdateError
from workbench.errors import ConfigError
from workbench.errors import WorkbenchError
from workbench.progress import Progress
from workbench.remote.stack_state import StackState
from workbench.tasks.changes.apply import confirm
from workbench.tasks.changes.apply import interruptible
from workbench.tasks.command_name import as_typed
from workbench.tasks.data.data_list import aws_options
from workbench.tasks.resize import replace_stages as stages
from workbench.tasks.resize.replace_plan import look_ahead
from workbench.tasks.resize.replace_plan import see_people_now
from workbench.tasks.resize.replacement import Stage
from workbench.tasks.resize.stray_servers import stray_servers
from workbench.tasks.ssh.config import follow


def replace_server(
    state: StackState,
    instance_type: str,
    progress: Progress,
    *,
    yes: bool,
    dry_run: bool,
    force: bool = False,
) -> None:
    """Replace the stack's server by one of ``instance_type``, from wherever it had got to.

    Raises WorkbenchError: before anything stopped, or when the old server serves again.
    """
    left = stages.replacement_of(state).stages(instance_type, state.stack)
    if not left and not stages.is_left_over(state, progress):
        print(f"The server is a {instance_type} already, and the only one: nothing to do.")
        print(as_typed(f"  workbench status --stack {state.stack}"))
        return
    _refuse_protected(state)
    left = left or (Stage.END,)
    plan, people = look_ahead(state, instance_type, left, progress)
    command = f"workbench resize {instance_type} --replace --stack {state.stack}"
    if not dry_run:
        people.refuse_stop(f"{command} --force", force=force)
    typed = f"{command} --force" if force else command
    if confirm(plan, typed, yes=yes, dry_run=dry_run):
        # The server may stop: this connection would only break.
        state.close()
        Replacing(state, instance_type, progress, force=force).run(left)


class Replacing:
    """A replacement in progress."""

    def __init__(
        self, state: StackState, target: str, progress: Progress, *, force: bool = False
    ) -> None:
        self._state, self._target, self._progress = state, target, progress
        self._force, self._away = force, 0.0

    def run(self, left: tuple[Stage, ...]) -> None:
        """Do the stages that are left, and say what is so then."""
        doing = {
            Stage.BUILD: self._build,
            Stage.SWITCH: self._switch,
            Stage.SWITCH_BACK: self._switch_back,
            Stage.CHECK: self._check,
            Stage.END: self._end,
        }
        for stage in left:
            kept = "both servers are kept"
            if stage is Stage.END:
                kept = "the unused server may already be gone"
            with interruptible(kept, self._ways(stage)), self._with_ways(stage):
                doing[stage]()
        self._say_done()

    def _build(self) -> None:
        self._state = stages.build(self._state, self._target, self._progress)

    def _switch(self) -> None:
        if stages.replacement_of(self._state).previous_type is None:
            # While the new one was built, which takes minutes, people may have begun to work.
            command = f"workbench resize {self._target} --replace --stack {self._state.stack}"
            people = see_people_now(self._state.stack, self._progress)
            people.refuse_stop(f"{command} --force", force=self._force)
        # Its checks before are no time without service.
        stages.note_before(self._state, self._progress)
        self._away = time.monotonic()
        self._state = stages.switch(self._state, self._progress)

    def _switch_back(self) -> None:
        self._away = time.monotonic()
        self._state = stages.switch_back(self._state, self._progress)

    def _check(self) -> None:
        try:
            usable = stages.check(self._state, self._progress)
        except stages.CheckFailedError as error:
            self._undo(error)
        else:
            away = f"{usable - self._away:.0f} s after the switch began"
            self._progress.say(f"{self._state.outputs['instance_id']} serves, {away}.")

    def _undo(self, cause: stages.CheckFailedError) -> None:
        """Let the server serve again that did before; raise with why."""
        now = stages.replacement_of(self._state)
        failed = self._state.outputs["instance_id"]
        if now.previous_type is None:
            # It is the old one itself that doesn't pass, so there is nothing to go back to.
            raise cause
        self._progress.say(f"{failed} doesn't pass its checks: going back to the old server.")
        self._state = stages.switch_back(self._state, self._progress)
        try:
            stages.check(self._state, self._progress)
        except stages.CheckFailedError as error:
            raise WorkbenchError(
                f"{cause.message}\nThe old server has volume and address again, but:"
                f" {error.message}",
                f"workbench doctor --stack {self._state.stack}",
            ) from error
        raise WorkbenchError(
            f"{cause.message}\nSo {self._state.outputs['instance_id']}, a {now.previous_type},"
            f" is in use again; {failed}, a {now.instance_type}, is kept so you can look at it.",
        ) from cause

    def _end(self) -> None:
        self._state = stages.end(self._state, self._progress)

    @contextmanager
    def _with_ways(self, stage: Stage) -> Iterator[None]:
        """Add to an error how to continue, and how to go back."""
        try:
            yield
        except WorkbenchError as error:
            # The engine's own says how a plain "up" continues.
            own = "" if isinstance(error, InterruptedUpdateError) else error.hint
            begun = stages.is_begun(self._state, self._progress)
            hints = [own, self._ways(stage) if begun else ""]
            error.hint = "\n  ".join(hint for hint in hints if hint)
            raise

    def _ways(self, stage: Stage) -> str:
        command = "workbench resize {} --replace --stack " + self._state.stack
        now = stages.replacement_of(self._state)
        ways = [f"{command.format(self._target)}   continues"]
        back = now.previous_type or now.instance_type
        # When the other server is being taken away, there is nothing to go back to.
        if back != self._target and stage is not Stage.END:
            ways.append(f"{command.format(back)}   goes back, and removes the other server")
        return "\n  ".join(ways)

    def _say_done(self) -> None:
        instance, stack = self._state.outputs["instance_id"], self._state.stack
        print(f"The server is {instance}, a {self._target}, and the only one.")
        for stray in stray_servers(self._state):
            print(f"{stray} was created by a command that was killed; nothing else refers to it:")
            options = aws_options(self._state)
            print(f"  aws ec2 terminate-instances {options} --instance-ids {stray}")
        print(f"  {self._state.url('url')}")
        print(as_typed(f"  workbench status --stack {stack}"))
        for alias in follow(self._state):
            print(f"`ssh {alias}` points there now.")


def _refuse_protected(state: StackState) -> None:
    if state.configured.protect_instance:
        raise ConfigError(
            f"The server is protected ({PROTECT}), and replacing it terminates it.",
            f"pulumi config set {PROTECT} false --stack {state.stack}",
        )
