"""``workbench status``: what there is, where it answers, and what runs on it."""

from invoke.context import Context

from workbench.remote.selection import JSON_HELP
from workbench.remote.selection import STACK_HELP
from workbench.remote.selection import select_stack
from workbench.tasks.task import task_on_workbench


@task_on_workbench(
    help={
        "stack": STACK_HELP,
        "watch": "Show it again as it changes, until Ctrl-C.",
        "json": JSON_HELP,
    }
)
def status(
    context: Context, stack: str | None = None, watch: bool = False, json: bool = False
) -> None:
    """Show the workbench's state, addresses and services."""
    from workbench.tasks.status.watch import StatusReader
    from workbench.tasks.status.watch import show_once
    from workbench.tasks.status.watch import watch_status

    reader = StatusReader(select_stack(stack), quiet=json)
    try:
        if watch:
            watch_status(reader, as_json=json)
        else:
            show_once(reader.read(), as_json=json)
    except KeyboardInterrupt:
        # How a watch ends; nothing was being changed.
        if not watch:
            raise
    finally:
        reader.close()
