"""``workbench destroy``: remove what the stack made, and say what is kept."""

import sys

from invoke.context import Context

from workbench.errors import WorkbenchError
from workbench.tasks.selection import STACK_HELP
from workbench.tasks.selection import YES_HELP
from workbench.tasks.selection import find_project
from workbench.tasks.selection import select_stack
from workbench.tasks.task import task


@task(help={"stack": STACK_HELP, "yes": YES_HELP})
def destroy(context: Context, stack: str | None = None, yes: bool = False) -> None:
    """Remove all that the stack made, but the data volume."""
    from workbench.engine.stacks import open_stack
    from workbench.rehearsal.names import rehearsal_of
    from workbench.tasks.bring_up import ensure_rehearsal
    from workbench.tasks.bring_up import stack_progress
    from workbench.tasks.stack_state import read_stack

    name = select_stack(stack)
    progress = stack_progress(name, "destroy")
    state = read_stack(name, progress)
    if not state.exists:
        print(f"There is no stack {name}: nothing to remove.")
        return
    volume = str(state.outputs.get("data_volume_id") or "")
    if not yes:
        _confirm(name, str(state.outputs.get("url") or name), volume)
    # The API that knows the objects must answer before they can be removed.
    ensure_rehearsal(name, progress)
    opened = open_stack(name, find_project(), progress)
    opened.destroy()
    print(f"The stack {name} is empty.")
    if volume:
        print(f"Kept: the data volume {volume}, with homes and accounts.")
    rehearsal = rehearsal_of(name)
    if rehearsal:
        print(f"  workbench rehearsal.reset --name {rehearsal}   removes it, too")
    elif volume:
        print(f"  aws ec2 delete-volume --volume-id {volume}   removes it, too")


def _confirm(stack: str, url: str, volume: str) -> None:
    kept = f" The data volume {volume} is kept." if volume else ""
    question = f"Remove the workbench at {url} (stack {stack})?{kept} [y/N] "
    if not sys.stdin.isatty():
        raise WorkbenchError(
            "This removes the server, so it asks first, and there is no terminal to ask at.",
            f"workbench destroy --stack {stack} --yes",
        )
    if input(question).strip().lower() not in ("y", "yes"):
        raise WorkbenchError("Nothing was removed.")
