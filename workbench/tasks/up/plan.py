"""What ``workbench up`` would do."""

from collections.abc import Callable
from collections.abc import Mapping
from contextlib import closing
from typing import TYPE_CHECKING
from typing import Any

from workbench.progress import Progress
from workbench.rehearsal.names import rehearsal_of
from workbench.remote.instance_types import check_architecture
from workbench.remote.power import PowerWatch
from workbench.remote.selection import find_project
from workbench.remote.selection import running_rehearsal
from workbench.remote.stack_state import StackState
from workbench.remote.stack_state import read_each
from workbench.remote.unknown import refuse_unknown
from workbench.tasks.changes.guard import Change
from workbench.tasks.changes.guard import data_lines
from workbench.tasks.changes.guard import hold
from workbench.tasks.changes.guard import refuse_loss
from workbench.tasks.changes.working_people import People
from workbench.tasks.changes.working_people import see_people
from workbench.tasks.changes.working_people import together
from workbench.tasks.unfinished.refusals import explained
from workbench.tasks.unfinished.unused_volume import look_for_unused
from workbench.tasks.unfinished.unused_volume import tell_move
from workbench.tasks.up.cost import cost_lines
from workbench.tasks.up.cost import what_costs

if TYPE_CHECKING:
    from workbench.engine.changes import Changes


def plan_up(stack: str, progress: Progress) -> list[str]:
    """Return the lines of the plan; nothing is started, made or configured for it."""
    from workbench.engine.stacks import StackMissingError
    from workbench.engine.stacks import open_stack

    rehearsal = rehearsal_of(stack)
    if rehearsal is not None and running_rehearsal(stack) is None:
        return [
            f"Start the cloud on this computer (rehearsal {rehearsal!r}), and make the workbench",
            f"of the stack {stack} in it, or bring it up to date.",
        ]
    refuse_unknown(stack, progress)
    try:
        opened = open_stack(stack, find_project(), progress)
    except StackMissingError:
        if rehearsal is None:
            raise
        return [f"Make the workbench of the stack {stack} in the rehearsal {rehearsal!r}."]
    unused = look_for_unused(opened, progress)
    if unused is not None and (told := tell_move(read_each(stack, progress)[0], unused)):
        return [told, "Then Pulumi would create what is missing."]
    changes = explained(opened, opened.preview, progress)
    lines, _ = look_ahead(stack, changes, opened.export, progress)
    return [
        *lines,
        "The server's recipe would run; what that changes:",
        *(
            f"  workbench converge --dry-run --stack {stack}{state.option}"
            for state in read_each(stack, progress)
        ),
    ]


def look_ahead(
    stack: str, changes: "Changes", export: Callable[[], Mapping[str, Any]], progress: Progress
) -> tuple[list[str], People]:
    """Return what Pulumi would do, in lines, and who works on a server that stops for it.

    ``export`` returns the stack's deployment. Raises WorkbenchError where it would take people's
    homes away, or can't be done.
    """
    if not changes.total:
        return ["Pulumi would change nothing."], People()
    hold(changes, Change.UP, stack)
    refuse_loss(changes, export, stack)
    lines = [*data_lines(changes), f"Pulumi would {changes.named()}."]
    costly = what_costs(changes)
    states = read_each(stack, progress) if costly or changes.stops_server() else []
    lines += cost_lines(states[0], costly) if states else []
    found = [(each, _who_is_stopped(each, changes, progress)) for each in states]
    for state, people in found:
        if people is not None:
            which = f" of {state.workbench}" if state.others else ""
            lines += [f"The server{which} stops for that.", *people.lines]
    return lines, together([people for _, people in found if people is not None])


def _who_is_stopped(state: StackState, changes: "Changes", progress: Progress) -> People | None:
    """Return who works on a workbench's server that stops; None where it doesn't, or doesn't run.

    Raises WorkbenchError where it can't have the type that it is to get.
    """
    instance_id = str(state.outputs.get("instance_id", ""))
    if not instance_id or not changes.stops_server(instance_id):
        return None
    if changes.retypes_server(instance_id):
        check_architecture(state, instance_id)
    if PowerWatch(state.aws("ec2"), instance_id, state.stack).state != "running":
        return None
    with closing(state):
        return see_people(state, progress)
