"""``workbench destroy``: remove what the stack made, and say what is kept."""

from contextlib import closing
from typing import TYPE_CHECKING
from typing import Any

from invoke.context import Context

from workbench.configured import PROTECT
from workbench.configured import SNAPSHOT
from workbench.configured import VOLUME
from workbench.errors import ConfigError
from workbench.remote.selection import DRY_RUN_HELP
from workbench.remote.selection import STACK_HELP
from workbench.remote.selection import YES_HELP
from workbench.remote.selection import find_project
from workbench.remote.selection import select_stack
from workbench.tasks.task import task

if TYPE_CHECKING:
    from collections.abc import Collection
    from collections.abc import Mapping
    from collections.abc import Sequence

    from workbench.engine.stacks import Stack
    from workbench.progress import Progress
    from workbench.remote.stack_state import StackState
    from workbench.tasks.unfinished.unused_volume import Unused


# The component that data volumes are parts of.
_DATA = "workbench:index:Storage$"
_INSTANCE = "aws:ec2/instance:Instance"


@task(help={"stack": STACK_HELP, "yes": YES_HELP, "dry-run": DRY_RUN_HELP})
def destroy(
    context: Context, stack: str | None = None, yes: bool = False, dry_run: bool = False
) -> None:
    """Remove everything in the stack except the data volume.

    With workbench:keepDataVolume false in the configuration, the data volume is
    DELETED, too, with all home folders. First shows what is kept and what isn't.
    """
    from workbench.engine.stacks import open_stack
    from workbench.remote.stack_state import read_each
    from workbench.remote.unknown import refuse_unknown
    from workbench.tasks.changes.apply import confirm
    from workbench.tasks.changes.apply import ensure_rehearsal
    from workbench.tasks.changes.apply import stack_progress
    from workbench.tasks.data.what_stays import keeps
    from workbench.tasks.data.what_stays import snapshot_lines
    from workbench.tasks.output import make_progress
    from workbench.tasks.unfinished.existing import tell_existing
    from workbench.tasks.unfinished.unused_volume import delete_unused

    name, reading = select_stack(stack), make_progress(quiet=False)
    states = read_each(name, reading)
    if not any(each.outputs.get("instance_id") for each in states):
        refuse_unknown(name, reading)
    state = states[0]
    if not state.exists:
        print(f"There is no stack {name}: nothing to remove.")
        return
    opened = open_stack(name, find_project(), reading)
    deployment = opened.export()
    _refuse_protected(states, deployment)
    volumes = _volumes(states, deployment)
    kept = [each for each in volumes if keeps(deployment, each)]
    unused = _find_unused(state, deployment)
    plan = _plan(states, volumes, kept, unused)
    plan += [line for each in states for line in _people(each, reading)]
    if not state.outputs and (there := opened.state().resources):
        plan.append(tell_existing(there))
    snapshots = {each: snapshot_lines(state, deployment, each) for each in volumes}
    plan += [line for lines in snapshots.values() for line in lines]
    if not confirm(plan, f"workbench destroy --stack {name}", yes=yes, dry_run=dry_run):
        return
    with closing(stack_progress(name, "destroy")) as progress:
        # The API that knows the objects must answer before they can be removed.
        ensure_rehearsal(name, progress)
        opened = open_stack(name, find_project(), progress)
        _look(opened, progress)
        # Only now a rehearsal surely runs.
        unused = unused or _find_unused(read_each(name, progress)[0], opened.export())
        opened.destroy()
        if unused is not None and unused.id in kept:
            delete_unused(read_each(name, progress)[0], unused, progress)
            kept, snapshots = [each for each in kept if each != unused.id], {}
    print(f"The stack {name} is empty.")
    for each in kept:
        _tell_kept(volumes[each], each, several=len(volumes) > 1)
    for each, lines in snapshots.items():
        if lines:
            _tell_snapshots(volumes[each], each)


def _refuse_protected(states: "Sequence[StackState]", deployment: "Mapping[str, Any]") -> None:
    """Refuse before anything goes: Pulumi would delete the rest until it came to what is protected.

    Its own command finds out in a preview, which the commands don't need.
    """
    from workbench.engine.state import urn_resource

    found = [
        each
        for each in deployment.get("resources") or []
        if each.get("protect") and each.get("custom")
    ]
    if not found:
        return
    name = states[0].stack
    first = next((each for each in found if each["type"] == _INSTANCE), found[0])
    more = f" and {len(found) - 1} more" if len(found) > 1 else ""
    # What the configuration says may not have been applied yet.
    hint = "Remove protect from the program's options, if it is there"
    if any(each.configured.protect_instance for each in states):
        hint = f"pulumi config set {PROTECT} false --stack {name}"
    raise ConfigError(
        f"The stack {name} is protected ({urn_resource(first['urn'])}{more}), so nothing was"
        " removed.",
        f"{hint}, then: workbench up --stack {name}",
    )


def _volumes(
    states: "Sequence[StackState]", deployment: "Mapping[str, Any]"
) -> "dict[str, StackState]":
    """Return the data volumes, each with the state of the workbench that has it."""
    from workbench.tasks.unfinished.existing import volumes_in

    known = {str(each.outputs.get("data_volume_id") or ""): each for each in states}
    known.pop("", None)
    # A first up that failed has no outputs yet, and a program may not export all that it makes.
    others = volumes_in(deployment, _DATA if known else "")
    return dict.fromkeys(others, states[0]) | known


def _look(opened: "Stack", progress: "Progress") -> None:
    """Have Pulumi see that a server is gone where it was terminated behind its back.

    The volume is detached from a server that was stopped, and one that is gone can't be.
    """
    from workbench.remote.power import PowerWatch
    from workbench.remote.stack_state import read_each

    is_gone = False
    for state in read_each(opened.name, progress):
        if not (instance := state.outputs.get("instance_id")):
            continue
        watch = PowerWatch(state.aws("ec2"), str(instance), opened.name)
        if watch.is_ending:
            with progress.phase("End of the server") as phase:
                watch.await_end(phase)
        is_gone = is_gone or watch.state == "terminated"
    if is_gone:
        opened.refresh()


def _find_unused(state: "StackState", deployment: "Mapping[str, Any]") -> "Unused | None":
    """Return the data volume where no server ever had it, as far as AWS can be asked."""
    from workbench.rehearsal.names import rehearsal_of
    from workbench.tasks.unfinished.unused_volume import find_unused

    if rehearsal_of(state.stack) and state.rehearsal is None:
        return None
    return find_unused(state, deployment)


def _plan(
    states: "Sequence[StackState]",
    volumes: "Collection[str]",
    kept: "Collection[str]",
    unused: "Unused | None",
) -> list[str]:
    stack, names = states[0].stack, [each.workbench for each in states]
    which = f"workbenches {', '.join(names)}" if len(names) > 1 else "workbench"
    removed = f"This removes the {which} of the stack {stack}"
    if unused is not None:
        return [f"{removed}, and its data volume {unused.id}, which no server ever had."]
    stays = f" {_told(kept)} {'is' if len(kept) == 1 else 'are'} kept." if kept else ""
    gone = [each for each in volumes if each not in kept]
    if not gone:
        return [f"{removed}.{stays}"]
    told = _told(gone)
    return [
        f"{removed} and DELETES {told[0].lower()}{told[1:]}, with all home folders.{stays}"
        f" To keep {'it' if len(gone) == 1 else 'them'}, first:",
        "  keep_data_volume=True   in the program"
        if len(volumes) > 1
        else f"  pulumi config set workbench:keepDataVolume true --stack {stack}",
        f"  workbench up --stack {stack}",
    ]


def _told(volumes: "Collection[str]") -> str:
    return f"The data volume{'' if len(volumes) == 1 else 's'} {', '.join(volumes)}"


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


def _tell_kept(state: "StackState", volume: str, *, several: bool) -> None:
    """Say what is kept, how to have it again, and how to remove it, too.

    Of ``several`` workbenches, the stack's configuration can name no volume.
    """
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
    print(
        f"Kept: the data volume {volume}, with home folders and accounts. To use it in a new one:"
    )
    if several:
        is_known = state.outputs.get("data_volume_id") == volume and state.workbench
        name = state.workbench if is_known else "its workbench"
        print(f'  data_volume_id="{volume}"   in the program, for {name}')
    else:
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
