"""``workbench restart``: reboot the server, and see that it is back."""

from invoke.context import Context

from workbench.tasks.selection import DRY_RUN_HELP
from workbench.tasks.selection import FORCE_HELP
from workbench.tasks.selection import STACK_HELP
from workbench.tasks.selection import YES_HELP
from workbench.tasks.task import task


@task(
    help={
        "stack": STACK_HELP,
        "force": FORCE_HELP,
        "yes": YES_HELP,
        "dry-run": DRY_RUN_HELP,
    }
)
def restart(
    context: Context,
    stack: str | None = None,
    force: bool = False,
    yes: bool = False,
    dry_run: bool = False,
) -> None:
    """Reboot the server, unless someone works on it."""
    from workbench.tasks.changing import working_on
    from workbench.tasks.server.power_changes import restart_server

    with working_on(stack, "restart") as (state, progress):
        restart_server(state, progress, force=force, yes=yes, dry_run=dry_run)
