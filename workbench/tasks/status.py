"""``workbench status``: what there is, where it answers, and what runs on it."""

from invoke.context import Context

from workbench.tasks.selection import JSON_HELP
from workbench.tasks.selection import STACK_HELP
from workbench.tasks.selection import select_stack
from workbench.tasks.task import task


@task(help={"stack": STACK_HELP, "json": JSON_HELP})
def status(context: Context, stack: str | None = None, json: bool = False) -> None:
    """Say how the workbench is, where it answers, what runs."""
    from workbench.tasks.show import make_console
    from workbench.tasks.show import make_progress
    from workbench.tasks.show import print_json
    from workbench.tasks.stack_state import read_stack
    from workbench.tasks.status_of import print_status
    from workbench.tasks.status_of import read_status

    state = read_stack(select_stack(stack), make_progress(quiet=json))
    try:
        found = read_status(state)
    finally:
        state.close()
    if json:
        print_json(found)
    else:
        print_status(found, make_console())
