"""How every task changes something: shown, agreed to, and through the stack's configuration."""

import sys
from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from contextlib import closing
from contextlib import contextmanager
from typing import TYPE_CHECKING

from workbench.errors import WorkbenchError
from workbench.progress import Progress
from workbench.progress import stderr_progress
from workbench.rehearsal.description import Description
from workbench.rehearsal.names import rehearsal_of
from workbench.remote.selection import DRY_RUN_HELP as DRY_RUN_HELP
from workbench.remote.selection import find_project
from workbench.remote.selection import select_stack
from workbench.remote.selection import stack_folder
from workbench.remote.stack_state import StackState
from workbench.remote.stack_state import read_stack
from workbench.tasks.changes.asking import agree
from workbench.tasks.changes.guard import Change
from workbench.tasks.changes.guard import hold
from workbench.tasks.changes.stack_lock import when_free
from workbench.tasks.errors import INTERRUPTED
from workbench.tasks.errors import cut_off_by_aws
from workbench.tasks.errors import is_of_aws

if TYPE_CHECKING:
    from workbench.engine.changes import Changes
    from workbench.engine.stack_config import Value


class Interrupted(WorkbenchError):
    """The user pressed Ctrl-C."""

    exit_code = INTERRUPTED


@contextmanager
def interruptible(what_exists: str, hint: str) -> Iterator[None]:
    """End Ctrl-C, and a failure of AWS, with what exists now, and what to type next."""
    try:
        yield
    except KeyboardInterrupt as error:
        raise Interrupted(f"Interrupted: {what_exists}.", hint) from error
    except Exception as error:
        if not is_of_aws(error):
            raise
        raise cut_off_by_aws(error, what_exists, hint) from error


def stack_progress(stack: str, command: str) -> Progress:
    """Return a progress with its log in the stack's folder, and say where that is."""
    progress = stderr_progress(stack_folder(stack) / "logs" / f"{command}.log")
    progress.say(f"Details: {progress.log_path}")
    return progress


def ensure_rehearsal(stack: str, progress: Progress) -> Description | None:
    """Have the stack's rehearsal running; None for a stack on AWS."""
    name = rehearsal_of(stack)
    if name is None:
        return None
    from workbench.engine.environment import pulumi_home
    from workbench.rehearsal import control
    from workbench.rehearsal.provider.install import install_plugin

    description = control.start(name, progress)
    # Before any engine asks for the AWS plugin, a person's own `pulumi up` included.
    install_plugin(pulumi_home(name))
    return description


@contextmanager
def working_on(
    stack: str | None, command: str, *, dry_run: bool = False, configures: bool = False
) -> Iterator[tuple[StackState, Progress]]:
    """Give the state of a workbench that has a server, and a progress with its log.

    ``command`` is the task's name, for the log's; ``configures`` tells one that changes the
    stack's configuration. Raises WorkbenchError where nothing was made yet, or the configuration
    isn't one workbench's; a rehearsal that is stopped is started, unless nothing is to be done.
    """
    name = select_stack(stack)
    with closing(stack_progress(name, command)) as progress:
        state = read_stack(name, progress)
        if not state.outputs.get("instance_id"):
            raise WorkbenchError(f"The stack {name} has no server.", f"workbench up --stack {name}")
        if configures:
            _refuse_shared(state)
        rehearsal = rehearsal_of(name)
        if rehearsal is not None and state.rehearsal is None:
            if dry_run:
                raise WorkbenchError(
                    f"The rehearsal {rehearsal!r} is not running, and a dry run doesn't start it.",
                    f"workbench rehearsal.start --name {rehearsal}",
                )
            ensure_rehearsal(name, progress)
            state = read_stack(name, progress)
        with closing(state):
            yield state, progress


def _refuse_shared(state: StackState) -> None:
    """Raise where a stack has several workbenches: its configuration's keys name none of them."""
    if state.others:
        names = ", ".join(sorted([state.workbench, *state.others]))
        raise WorkbenchError(
            f"The stack {state.stack} has several workbenches ({names}), and this changes the"
            " stack's configuration, which can't be about one of them alone. Nothing was changed.",
            f"Change the arguments of {state.workbench} in the program; then\n"
            f"  workbench up --stack {state.stack}   applies it",
        )


def confirm(plan: Sequence[str], command: str, *, yes: bool, dry_run: bool) -> bool:
    """Show what would be done; return whether to do it, False after a dry run.

    ``command`` is what was typed, for where there is no terminal to ask at. Raises
    WorkbenchError when the answer is no.
    """
    for line in plan:
        print(line)
    sys.stdout.flush()
    if dry_run:
        print("Nothing was changed: this was a dry run.")
        return False
    if yes or agree("This is what would be done.", f"{command} --yes"):
        return True
    raise WorkbenchError("Nothing was changed.")


def change_configuration(
    state: StackState,
    values: Mapping[str, "Value"],
    progress: Progress,
    change: Change,
    *,
    check: "Callable[[Changes], None]" = lambda changes: None,
    ending: str = "",
) -> "Changes":
    """Set keys of the stack's configuration, and let Pulumi apply them; None takes a key out.

    Pulumi is asked first: what the program refuses, the guard of this ``change`` (with its
    ``ending``), or ``check`` (it gets the changes to come), leaves the configuration byte for byte
    as it was. A failure after that leaves it as it is
    wanted: the same command continues.
    """
    from workbench.engine.stacks import open_stack

    ensure_rehearsal(state.stack, progress)
    opened = open_stack(state.stack, find_project(), progress)
    with opened.trying_config(values) as is_new:
        changes = opened.preview()
        if is_new and not changes.total:
            keys = " and ".join(values)
            raise WorkbenchError(
                f"With {keys} changed, Pulumi would change nothing: the program of the stack"
                f" {state.stack} doesn't seem to read it.",
                "Read the configuration with workbench.read_configuration, or change the program"
                " itself; nothing was changed",
            )
        hold(changes, change, state.stack, ending=ending)
        check(changes)
    return when_free(opened.up)
