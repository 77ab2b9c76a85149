"""``workbench start``, ``stop`` and ``restart``: the server's power; all on its volumes is kept."""

from invoke.context import Context

from workbench.remote.selection import CHANGING
from workbench.remote.selection import FORCE_HELP
from workbench.tasks.task import task_on_workbench

ENDING = {**CHANGING, "force": FORCE_HELP}


@task_on_workbench(help=CHANGING)
def start(
    context: Context, stack: str | None = None, yes: bool = False, dry_run: bool = False
) -> None:
    """Start a stopped server, and wait until it answers."""
    from workbench.tasks.changes.apply import working_on
    from workbench.tasks.power.start_stop import start_server

    with working_on(stack, "start", dry_run=dry_run) as (state, progress):
        start_server(state, progress, yes=yes, dry_run=dry_run)


@task_on_workbench(help=ENDING)
def stop(
    context: Context,
    stack: str | None = None,
    force: bool = False,
    yes: bool = False,
    dry_run: bool = False,
) -> None:
    """Stop the server, unless someone is working on it."""
    from workbench.tasks.changes.apply import working_on
    from workbench.tasks.power.start_stop import stop_server

    with working_on(stack, "stop", dry_run=dry_run) as (state, progress):
        stop_server(state, progress, force=force, yes=yes, dry_run=dry_run)


@task_on_workbench(help=ENDING)
def restart(
    context: Context,
    stack: str | None = None,
    force: bool = False,
    yes: bool = False,
    dry_run: bool = False,
) -> None:
    """Reboot the server, unless someone is working on it."""
    from workbench.tasks.changes.apply import working_on
    from workbench.tasks.power.start_stop import restart_server

    with working_on(stack, "restart", dry_run=dry_run) as (state, progress):
        restart_server(state, progress, force=force, yes=yes, dry_run=dry_run)
