"""What a replacement would do, as a person is asked to agree to it; all of it found out before."""

import textwrap
from contextlib import closing

from workbench.prices import in_dollars
from workbench.progress import Progress
from workbench.remote.instance_quota import check_quota
from workbench.remote.instance_types import check_offered
from workbench.remote.instance_types import read_type
from workbench.remote.power import PowerWatch
from workbench.remote.stack_state import StackState
from workbench.remote.stack_state import read_stack
from workbench.tasks.changes.working_people import People
from workbench.tasks.changes.working_people import see_people
from workbench.tasks.resize.replace_stages import replacement_of
from workbench.tasks.resize.replacement import Replacement
from workbench.tasks.resize.replacement import Stage
from workbench.tasks.users.capacity import too_many

WIDTH = 78
_DOES = {
    Stage.BUILD: "build the new server; meanwhile the old one stays in use",
    Stage.SWITCH: "switch over: volume and address move, a minute without service",
    Stage.SWITCH_BACK: "switch back: volume and address move, a minute without service",
    Stage.CHECK: "check it; if a check fails, the previous server is used again",
    Stage.END: "terminate the other server, with everything that isn't on the data volume",
}


def look_ahead(
    state: StackState, target: str, left: tuple[Stage, ...], progress: Progress
) -> tuple[list[str], People]:
    """Return the plan's lines and who works now; raise where there can't be such a server."""
    now, quota = replacement_of(state), list[str]()
    with progress.phase("Look ahead") as phase:
        phase.tick(f"asking AWS about {target}")
        if Stage.BUILD in left and now.next_type is None:
            quota = _check_new(state, target)
        stops = _runs(state) and any(stage in left for stage in (Stage.SWITCH, Stage.SWITCH_BACK))
    people = see_people(state, progress) if stops else People()
    lines = [
        *_heading(state, now, target),
        *_costs(state, now, target),
        *quota,
        *(f"{number}. {_DOES[stage]}" for number, stage in enumerate(left, 1)),
        *(people.lines if stops else ()),
        "Home folders, accounts, address, host key and certificate stay the same.",
    ]
    return lines, people


def see_people_now(stack: str, progress: Progress) -> People:
    """Return who works on the server that serves; nobody does where it doesn't run."""
    # By a connection of its own: a server that is about to stop would only break a kept one.
    with closing(read_stack(stack, progress)) as state:
        return see_people(state, progress) if _runs(state) else People()


def _runs(state: StackState) -> bool:
    instance = str(state.outputs["instance_id"])
    return PowerWatch(state.aws("ec2"), instance, state.stack).state == "running"


def _check_new(state: StackState, target: str) -> list[str]:
    """Raise where AWS has no such server to give here; return lines on quota and memory."""
    ec2 = state.aws("ec2")
    wanted = read_type(ec2, target)
    check_offered(ec2, str(state.outputs["zone"]), target)
    # The old server runs alongside it.
    quota = check_quota(state, "", wanted)
    return [quota, *too_many(len(state.target().users), wanted)]


def _heading(state: StackState, now: Replacement, target: str) -> list[str]:
    serves = f"{state.outputs['instance_id']}, a {now.instance_type}"
    if now.other_type is None:
        return [f"Replace {serves}, by a new {target}."]
    return ["Continue a replacement:", f"  {serves}, serves; alongside it is a {now.other_type}"]


def _costs(state: StackState, now: Replacement, target: str) -> list[str]:
    types = dict.fromkeys(
        [now.instance_type, *([now.other_type] if now.other_type else []), target]
    )
    prices = state.prices(*types, others=False)
    months = [f"{each} {in_dollars(prices.monthly(each, addresses=0).instance)}" for each in types]
    free = "; free in a rehearsal" if state.rehearsal is not None else ""
    return [
        f"The instance per month: {', '.join(months)}",
        "You pay for both until one is terminated.",
        *textwrap.wrap(f"Prices: {prices.source}, before tax{free}.", WIDTH),
    ]
