"""``workbench converge`` and ``drift``: bring a server in line, and see where it isn't."""

from invoke.context import Context
from invoke.exceptions import Exit

from workbench.remote.selection import DRY_RUN_HELP
from workbench.remote.selection import JSON_HELP
from workbench.remote.selection import STACK_HELP
from workbench.remote.selection import YES_HELP
from workbench.remote.selection import select_stack
from workbench.tasks.task import task_on_workbench


@task_on_workbench(
    help={
        "stack": STACK_HELP,
        "yes": YES_HELP,
        "dry-run": DRY_RUN_HELP,
    }
)
def converge(
    context: Context, stack: str | None = None, yes: bool = False, dry_run: bool = False
) -> None:
    """Make the server match its stack.

    First shows what would change on it, file by file, and asks. Pulumi runs only
    if the configuration or the recipe differs from the stack's. Manual changes
    are reverted.
    """
    from workbench.tasks.changes.apply import working_on
    from workbench.tasks.converge.converge import converge_stack

    with working_on(stack, "converge", dry_run=dry_run) as (state, progress):
        converge_stack(state, progress, yes=yes, dry_run=dry_run)


@task_on_workbench(help={"stack": STACK_HELP, "json": JSON_HELP})
def drift(context: Context, stack: str | None = None, json: bool = False) -> None:
    """Show what was changed manually on the server.

    Compares the server with the recipe and settings that were last applied, and
    changes nothing. Exits with 1 if there is a difference.
    """
    from workbench.remote.stack_state import read_stack
    from workbench.tasks.converge.drift_of import find_drift
    from workbench.tasks.converge.drift_of import print_drift
    from workbench.tasks.output import make_progress
    from workbench.tasks.output import print_json

    state = read_stack(select_stack(stack), make_progress(quiet=json))
    try:
        findings = find_drift(state, make_progress(quiet=json))
    finally:
        state.close()
    if json:
        print_json([finding.as_json() for finding in findings])
    else:
        print_drift(findings, state.stack)
    if findings:
        raise Exit(None, 1)
