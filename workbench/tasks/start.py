"""``workbench start``: run a server that was stopped."""

from invoke.context import Context

from workbench.tasks.selection import DRY_RUN_HELP
from workbench.tasks.selection import STACK_HELP
from workbench.tasks.selection import YES_HELP
from workbench.tasks.task import task


@task(help={"stack": STACK_HELP, "yes": YES_HELP, "dry-run": DRY_RUN_HELP})
def start(
    context: Context, stack: str | None = None, yes: bool = False, dry_run: bool = False
) -> None:
    """Start a stopped server, and wait until it answers."""
    from workbench.tasks.changing import working_on
    from workbench.tasks.server.power_changes import start_server

    with working_on(stack, "start") as (state, progress):
        start_server(state, progress, yes=yes, dry_run=dry_run)
