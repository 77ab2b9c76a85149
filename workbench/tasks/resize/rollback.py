"""Put the old instance type back where the new one didn't start."""

from typing import TYPE_CHECKING
from typing import NoReturn

from workbench.configured import INSTANCE_TYPE
from workbench.errors import WorkbenchError
from workbench.progress import Progress
from workbench.remote.power import NO_CAPACITY
from workbench.remote.power import NoCapacityError
from workbench.remote.power import PowerWatch
from workbench.remote.selection import find_project
from workbench.remote.stack_state import StackState
from workbench.tasks.changes.stack_lock import when_free
from workbench.tasks.resize.end import check_server
from workbench.tasks.resize.end import get_in
from workbench.tasks.resize.note import NOTE
from workbench.tasks.resize.state import Situation

if TYPE_CHECKING:
    from workbench.engine.stacks import Stack


class RolledBackError(WorkbenchError):
    """The new type didn't start; the old one is back."""


def roll_back(
    state: StackState,
    now: Situation,
    wanted: str,
    error: WorkbenchError,
    progress: Progress,
    *,
    known: list[str],
    is_booting: bool,
) -> NoReturn:
    """Bring the server back to what it was before ``error``, where that is called for; raise.

    ``known`` are the checks that failed before, and ``is_booting`` tells a failure of the new
    type's start from one of Pulumi's.
    """
    watch = PowerWatch(state.aws("ec2"), now.instance["InstanceId"], state.stack)
    power, actual = watch.state, watch.instance_type
    again = f"workbench resize {wanted} --stack {state.stack}"
    if now.before == wanted or (power == "running" and actual == wanted and not is_booting):
        raise WorkbenchError(f"{error.message}\n{_so_far(now, power, actual)}", again) from error
    if power == now.power == "running" and actual == now.before:
        _configure(state, now, progress)
        NOTE.remove(state)
        raise WorkbenchError(
            f"{error.message}\nThe server was not stopped, and the configuration is unchanged.",
            error.hint or again,
        ) from error
    reason = _reason(error, wanted)
    progress.say(f"{reason} Putting {now.before} back.")
    try:
        _put_back(state, now, known, progress)
    except WorkbenchError as second:
        raise WorkbenchError(
            f"{reason} {now.before} could not be restored yet: {second.message}",
            f"workbench resize {now.before} --stack {state.stack}   continues that",
        ) from second
    NOTE.remove(state)
    raise RolledBackError(
        f"{reason} {now.before} was restored: the server is running again, and its checks pass.",
        f"{again}   tries again; or choose another type",
    ) from error


def _put_back(state: StackState, now: Situation, known: list[str], progress: Progress) -> None:
    opened = _configure(state, now, progress)
    # Pulumi's state is from before the failure: it would see nothing to do.
    when_free(opened.refresh)
    when_free(opened.up)
    get_in(state, progress, by_ssh=False)
    check_server(state, now.before, known, progress)


def _configure(state: StackState, now: Situation, progress: Progress) -> "Stack":
    from workbench.engine.stacks import open_stack

    opened = open_stack(state.stack, find_project(), progress)
    opened.set_config({INSTANCE_TYPE: now.configured_before})
    return opened


def _so_far(now: Situation, power: str, actual: str) -> str:
    return f"The instance {now.instance['InstanceId']} is {power}, and its type is {actual}."


def _reason(error: WorkbenchError, wanted: str) -> str:
    if isinstance(error, NoCapacityError) or NO_CAPACITY in error.message:
        return f"{wanted} did not start: AWS has no capacity for it in this zone right now."
    return f"{wanted} did not start: {error.message.partition(chr(10))[0].rstrip('.')}."
