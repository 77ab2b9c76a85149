"""``workbench resize``: another instance type for the server."""

from invoke.context import Context

from workbench.remote.selection import DRY_RUN_HELP
from workbench.remote.selection import FORCE_HELP
from workbench.remote.selection import STACK_HELP
from workbench.remote.selection import YES_HELP
from workbench.tasks.task import task_on_workbench


@task_on_workbench(
    help={
        "instance-type": "The new type, for example t3.large.",
        "stack": STACK_HELP,
        "replace": "Build the new server alongside the old one; then move data and address.",
        "force": FORCE_HELP,
        "yes": YES_HELP,
        "dry-run": DRY_RUN_HELP,
    }
)
def resize(
    context: Context,
    instance_type: str,
    stack: str | None = None,
    replace: bool = False,
    force: bool = False,
    yes: bool = False,
    dry_run: bool = False,
) -> None:
    """Give the server another instance type.

    Stops it, changes its type and starts it; everything else stays the same.
    Restores the old type if the new one doesn't start. With --replace, builds a
    new server first. After an interruption, run it again: it continues.
    """
    from workbench.tasks.changes.apply import working_on
    from workbench.tasks.resize.in_place import Resize

    with working_on(stack, "resize", dry_run=dry_run, configures=True) as (state, progress):
        if replace:
            from workbench.tasks.resize.replace import replace_server

            replace_server(state, instance_type, progress, force=force, yes=yes, dry_run=dry_run)
            return
        Resize(state, instance_type, progress).run(force=force, yes=yes, dry_run=dry_run)
