"""``workbench destroy``: remove what the stack made, and say what is kept."""

from contextlib import closing
from typing import TYPE_CHECKING
from typing import Any

from invoke.context import Context

from workbench.configured import SNAPSHOT
from workbench.configured import VOLUME
from workbench.remote.selection import DRY_RUN_HELP
from workbench.remote.selection import STACK_HELP
from workbench.remote.selection import YES_HELP
from workbench.remote.selection import find_project
from workbench.remote.selection import select_stack
from workbench.tasks.task import task

if TYPE_CHECKING:
    from collections.abc import Mapping

    from workbench.engine.stacks import Stack
    from workbench.progress import Progress
    from workbench.remote.stack_state import StackState
    from workbench.tasks.unfinished.unused_volume import Unused


@task(help={"stack": STACK_HELP, "yes": YES_HELP, "dry-run": DRY_RUN_HELP})
def destroy(
    context: Context, stack: str | None = None, yes: bool = False, dry_run: bool = False
) -> None:
    """Remove everything the stack made, except the data volume.

    With workbench:keepDataVolume false in the configuration, the data volume is
    DELETED, too, with all homes. What is kept and what isn't is shown first.
    """
    from workbench.engine.stacks import open_stack
    from workbench.remote.stack_state import read_stack
    from workbench.remote.unknown import refuse_unknown
    from workbench.tasks.changes.apply import confirm
    from workbench.tasks.changes.apply import ensure_rehearsal
    from workbench.tasks.changes.apply import stack_progress
    from workbench.tasks.data.what_stays import keeps
    from workbench.tasks.data.what_stays import snapshot_lines
    from workbench.tasks.output import make_progress
    from workbench.tasks.unfinished.existing import tell_existing
    from workbench.tasks.unfinished.existing import volume_in
    from workbench.tasks.unfinished.unused_volume import delete_unused

    name, reading = select_stack(stack), make_progress(quiet=False)
    state = read_stack(name, reading)
    if not state.outputs.get("instance_id"):
        refuse_unknown(name, reading)
    if not state.exists:
        print(f"There is no stack {name}: nothing to remove.")
        return
    opened = open_stack(name, find_project(), reading)
    deployment = opened.export()
    # A first up that failed has no outputs yet.
    volume = str(state.outputs.get("data_volume_id") or volume_in(deployment))
    is_kept = keeps(deployment, volume)
    unused = _find_unused(state, deployment)
    plan = [*_plan(name, volume, unused, is_kept=is_kept), *_people(state, reading)]
    if not state.outputs and (there := opened.state().resources):
        plan.append(tell_existing(there))
    snapshots = snapshot_lines(state, deployment, volume) if volume else []
    plan += snapshots
    if not confirm(plan, f"workbench destroy --stack {name}", yes=yes, dry_run=dry_run):
        return
    with closing(stack_progress(name, "destroy")) as progress:
        # The API that knows the objects must answer before they can be removed.
        ensure_rehearsal(name, progress)
        opened = open_stack(name, find_project(), progress)
        _look(opened, progress)
        # Only now a rehearsal surely runs.
        unused = unused or _find_unused(read_stack(name, progress), opened.export())
        opened.destroy()
        if unused is not None and is_kept:
            delete_unused(read_stack(name, progress), unused, progress)
            volume = ""
    print(f"The stack {name} is empty.")
    if volume and is_kept:
        _tell_kept(state, volume)
    if volume and snapshots:
        _tell_snapshots(state, volume)


def _look(opened: "Stack", progress: "Progress") -> None:
    """Have Pulumi see that the server is gone where it was terminated behind its back.

    The volume is detached from a server that was stopped, and one that is gone can't be.
    """
    from workbench.remote.power import PowerWatch
    from workbench.remote.stack_state import read_stack

    state = read_stack(opened.name, progress)
    instance = state.outputs.get("instance_id")
    if not instance:
        return
    watch = PowerWatch(state.aws("ec2"), str(instance), opened.name)
    if watch.is_ending:
        with progress.phase("End of the server") as phase:
            watch.await_end(phase)
    if watch.state == "terminated":
        opened.refresh()


def _find_unused(state: "StackState", deployment: "Mapping[str, Any]") -> "Unused | None":
    """Return the data volume where no server ever had it, as far as AWS can be asked."""
    from workbench.rehearsal.names import rehearsal_of
    from workbench.tasks.unfinished.unused_volume import find_unused

    if rehearsal_of(state.stack) and state.rehearsal is None:
        return None
    return find_unused(state, deployment)


def _plan(stack: str, volume: str, unused: "Unused | None", *, is_kept: bool) -> list[str]:
    removed = f"This removes the workbench of the stack {stack}"
    if unused is not None:
        return [f"{removed}, and its data volume {volume}, which no server ever had."]
    if is_kept:
        return [f"{removed}.{f' The data volume {volume} is kept.' if volume else ''}"]
    return [
        f"{removed} and DELETES the data volume {volume}, with all homes. To keep it, first:",
        f"  pulumi config set workbench:keepDataVolume true --stack {stack}",
        f"  workbench up --stack {stack}",
    ]


def _people(state: "StackState", progress: "Progress") -> list[str]:
    """Say who works on the server, where it runs and can be asked."""
    from workbench.rehearsal.names import rehearsal_of
    from workbench.remote.power import PowerWatch
    from workbench.tasks.changes.working_people import see_people

    instance = state.outputs.get("instance_id")
    if not instance or (rehearsal_of(state.stack) and state.rehearsal is None):
        return []
    if PowerWatch(state.aws("ec2"), str(instance), state.stack).state != "running":
        return []
    people = see_people(state, progress)
    state.close()
    return people.lines


def _tell_kept(state: "StackState", volume: str) -> None:
    """Say what is kept, how to have it again, and how to remove it, too."""
    from workbench.rehearsal.names import rehearsal_of
    from workbench.tasks.command_name import as_typed
    from workbench.tasks.data.data_list import remove_command

    stack = state.stack
    rehearsal = rehearsal_of(stack)
    remove = (
        f"workbench rehearsal.reset --name {rehearsal}"
        if rehearsal
        else remove_command(state, volume)
    )
    print(f"Kept: the data volume {volume}, with homes and accounts. To have it in a new one:")
    if SNAPSHOT in state.config:
        # Of a restore: a volume that is there isn't made from a snapshot.
        print(f"  pulumi config rm {SNAPSHOT} --stack {stack}")
    print(f"  pulumi config set {VOLUME} {volume} --stack {stack}")
    print("and to remove it, too:")
    print(as_typed(f"  {remove}"))


def _tell_snapshots(state: "StackState", volume: str) -> None:
    """Say how to see the snapshots that are left; ``data.list`` has no volume to begin from."""
    from workbench.rehearsal.names import rehearsal_of
    from workbench.tasks.data.data_list import aws_options

    if rehearsal_of(state.stack):
        # AWS has none of them.
        return
    print(f"To see which snapshots of {volume} are left:")
    print(
        f"  aws ec2 describe-snapshots {aws_options(state)} --owner-ids self"
        f" --filters Name=volume-id,Values={volume}"
    )
