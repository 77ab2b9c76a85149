"""``workbench destroy``: remove what the stack made, and say what is kept."""

from invoke.context import Context

from workbench.tasks.selection import DRY_RUN_HELP
from workbench.tasks.selection import STACK_HELP
from workbench.tasks.selection import YES_HELP
from workbench.tasks.selection import find_project
from workbench.tasks.selection import select_stack
from workbench.tasks.task import task


@task(help={"stack": STACK_HELP, "yes": YES_HELP, "dry-run": DRY_RUN_HELP})
def destroy(
    context: Context, stack: str | None = None, yes: bool = False, dry_run: bool = False
) -> None:
    """Remove all that the stack made, but the data volume."""
    from workbench.engine.stacks import open_stack
    from workbench.tasks.changing import confirm
    from workbench.tasks.changing import ensure_rehearsal
    from workbench.tasks.changing import stack_progress
    from workbench.tasks.show import make_progress
    from workbench.tasks.stack_state import read_stack

    name = select_stack(stack)
    state = read_stack(name, make_progress(quiet=False))
    if not state.exists:
        print(f"There is no stack {name}: nothing to remove.")
        return
    volume = str(state.outputs.get("data_volume_id") or "")
    kept = f" The data volume {volume} is kept." if volume else ""
    plan = [f"This removes the workbench of the stack {name}.{kept}"]
    if not confirm(plan, f"workbench destroy --stack {name}", yes=yes, dry_run=dry_run):
        return
    progress = stack_progress(name, "destroy")
    # The API that knows the objects must answer before they can be removed.
    ensure_rehearsal(name, progress)
    opened = open_stack(name, find_project(), progress)
    opened.destroy()
    print(f"The stack {name} is empty.")
    if volume:
        _tell_kept(name, volume)


def _tell_kept(stack: str, volume: str) -> None:
    """Say what is kept, how to have it again, and how to remove it, too."""
    from workbench.rehearsal.names import rehearsal_of
    from workbench.tasks.command_name import as_typed

    rehearsal = rehearsal_of(stack)
    remove = (
        f"workbench rehearsal.reset --name {rehearsal}"
        if rehearsal
        else f"aws ec2 delete-volume --volume-id {volume}"
    )
    print(f"Kept: the data volume {volume}, with homes and accounts. To have it in a new one:")
    print(f"  pulumi config set workbench:dataVolumeId {volume}")
    print("and to remove it, too:")
    print(as_typed(f"  {remove}"))
