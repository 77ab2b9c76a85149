"""``workbench converge``: the server brought to what its stack says, shown first."""

from invoke.context import Context

from workbench.remote.selection import DRY_RUN_HELP
from workbench.remote.selection import STACK_HELP
from workbench.remote.selection import YES_HELP
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
    """Bring the server in line with its stack.

    Shows first what would change on it, file by file, and asks. Pulumi runs only
    where the configuration or the recipe differ from what the stack has. What was
    changed manually is put right.
    """
    from workbench.tasks.changes.apply import working_on
    from workbench.tasks.converge.converge import converge_stack

    with working_on(stack, "converge", dry_run=dry_run) as (state, progress):
        converge_stack(state, progress, yes=yes, dry_run=dry_run)
