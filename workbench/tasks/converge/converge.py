"""Show what a converge would change, on AWS and on the server; then do it."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from workbench.errors import WorkbenchError
from workbench.progress import Progress
from workbench.remote.converging import converge_server
from workbench.remote.recipe_run import Run
from workbench.remote.selection import find_project
from workbench.remote.stack_state import StackState
from workbench.remote.stack_state import read_stack
from workbench.tasks.changes.apply import confirm
from workbench.tasks.changes.apply import ensure_rehearsal
from workbench.tasks.changes.apply import interruptible
from workbench.tasks.changes.guard import Change
from workbench.tasks.changes.guard import hold
from workbench.tasks.command_name import as_typed
from workbench.tasks.converge.server_plan import Plan
from workbench.tasks.converge.server_plan import plan_applied
from workbench.tasks.converge.server_plan import plan_new
from workbench.tasks.converge.show_plan import action_lines
from workbench.tasks.converge.show_plan import steps_in_words
from workbench.tasks.converge.wanted_state import Wanted
from workbench.tasks.converge.wanted_state import read_wanted

if TYPE_CHECKING:
    from workbench.engine.changes import Changes
    from workbench.engine.stacks import Stack


def converge_stack(state: StackState, progress: Progress, *, yes: bool, dry_run: bool) -> None:
    """Bring the server to what the stack's configuration and this program's recipe say."""
    with progress.phase("Look at the server"):
        wanted = read_wanted(state)
        plan = _ask(state, wanted)
    if plan.is_busy:
        state = _follow(state, progress, dry_run=dry_run)
        plan = _ask(state, wanted)
    is_applied = wanted.is_in(state)
    if is_applied and plan.is_done(wanted.recipe.sha256, wanted.settings_sha256):
        print("Nothing to change: the server matches its stack.")
        print("Pulumi wasn't needed: the stack already has this recipe and these settings.")
        return
    opened = None if is_applied else _open(state, progress)
    changes = opened.preview() if opened else None
    if changes:
        hold(changes, Change.CONVERGE, state.stack)
    if changes is not None and not changes.total:
        # The program adds to the configuration: what the stack has is what is wanted.
        opened, plan = None, _ask_applied(state, wanted)
        if plan.is_done(*_applied(state)):
            print("Nothing to change: the server matches its stack.")
            return
    lines = _plan_lines(plan, changes, wanted, state)
    if confirm(list(lines), f"workbench converge --stack {state.stack}", yes=yes, dry_run=dry_run):
        _tell(_apply(state, opened, progress), state)


def _follow(state: StackState, progress: Progress, *, dry_run: bool) -> StackState:
    """Follow the converge that is in progress to its end; return the state after it."""
    if dry_run:
        raise WorkbenchError(
            "A converge is already running on the server.",
            f"workbench converge --stack {state.stack} --dry-run   again, after it has finished",
        )
    progress.say("A converge is already running on the server: following that one first.")
    state.close()
    with interruptible("the server continues with its recipe on its own", _again(state)):
        converge_server(state, progress)
    return read_stack(state.stack, progress)


def _ask(state: StackState, wanted: Wanted) -> Plan:
    """Return the server's plan; without sending it what it has already."""
    recipe, settings = wanted.recipe, wanted.settings_sha256
    plan = plan_applied(state.server, recipe.sha256, settings) if settings else None
    return plan or plan_new(state.server, recipe, wanted.settings)


def _ask_applied(state: StackState, wanted: Wanted) -> Plan:
    """Return the server's plan for what the stack has; the server may not have it yet."""
    plan = plan_applied(state.server, *_applied(state))
    return plan or plan_new(state.server, wanted.recipe, None)


def _applied(state: StackState) -> tuple[str, str]:
    """Return the SHA-256 of the recipe and of the settings that the stack has."""
    names = ("recipe_sha256", "settings_sha256")
    recipe, settings = (str(state.outputs.get(name) or "") for name in names)
    return recipe, settings


def _open(state: StackState, progress: Progress) -> "Stack":
    from workbench.engine.stacks import open_stack

    ensure_rehearsal(state.stack, progress)
    return open_stack(state.stack, find_project(), progress)


def _plan_lines(
    plan: Plan, changes: "Changes | None", wanted: Wanted, state: StackState
) -> Iterator[str]:
    if changes is None:
        yield "Pulumi: not needed, the stack already has this recipe and these settings."
    elif changes.total:
        yield f"Pulumi would {changes.named()}."
        if wanted.settings is None:
            yield (
                "The stack's settings are known only after Pulumi ran: this is what the recipe"
                " would change with those the server has."
            )
    else:
        yield "Pulumi: no changes."
        if plan.settings != _applied(state)[1]:
            yield (
                "The server doesn't have the stack's settings yet: this is what the recipe would"
                " change with those it has."
            )
    if plan.findings:
        yield f"Server: {steps_in_words(len(plan.steps))} of the recipe would change something."
        yield from action_lines(plan.findings)
        yield ""
    else:
        yield "Server: nothing would change except the record of what was applied."


def _apply(state: StackState, opened: "Stack | None", progress: Progress) -> Run:
    hint = _again(state)
    if opened is not None:
        with interruptible("Pulumi's changes are not complete", hint):
            opened.up()
            state.close()
            state = read_stack(state.stack, progress)
    state.close()
    with interruptible("the server continues with its recipe on its own", hint):
        return converge_server(state, progress)


def _tell(run: Run, state: StackState) -> None:
    print(
        f"The server matches its stack: {steps_in_words(run.changed)} changed,"
        f" {run.unchanged} unchanged, in {run.seconds:.0f} s."
    )
    check = f"workbench check --stack {state.stack}   is everything as it should be?"
    print(as_typed(f"Next:\n  {check}"))


def _again(state: StackState) -> str:
    return f"workbench converge --stack {state.stack}   continues"
