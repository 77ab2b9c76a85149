"""What a resize would do, as a person is asked to agree to it; all of it found out before."""

import textwrap

from workbench.engine.changes import Changes
from workbench.engine.state import short_type
from workbench.prices import Prices
from workbench.prices import in_dollars
from workbench.prices import surplus_sentence
from workbench.progress import Progress
from workbench.remote.instance_quota import check_quota
from workbench.remote.instance_types import InstanceType
from workbench.remote.instance_types import check_fits
from workbench.remote.instance_types import read_type
from workbench.remote.running_cost import volumes_gib
from workbench.remote.stack_state import StackState
from workbench.tasks.changes.working_people import People
from workbench.tasks.changes.working_people import see_people
from workbench.tasks.resize.state import Situation
from workbench.tasks.users.capacity import too_many

# Less is too little for hub, proxy and one person's kernel.
LEAST_GIB = 2
WIDTH = 78


def look_ahead(
    state: StackState, now: Situation, wanted: str, progress: Progress
) -> tuple[list[str], People]:
    """Return the plan's lines and who works now; raise where the server can't become the type."""
    with progress.phase("Look ahead") as phase:
        phase.tick(f"asking AWS about {wanted}")
        ec2, instance = state.aws("ec2"), now.instance
        then = read_type(ec2, wanted)
        check_fits(ec2, instance, then, state.stack)
        quota = check_quota(state, instance["InstanceId"], then)
        # One that was interrupted may be undone: what it got to is told, then.
        before = read_type(ec2, now.before if now.before != wanted else now.actual)
        prices = state.prices(before.name, then.name)
        table = compare(before, then, prices, volumes_gib(ec2, instance))
    people = see_people(state, progress) if now.power == "running" else People()
    lines = [
        f"Resize {instance['InstanceId']} from {before.name} to {wanted}.",
        *table,
        *textwrap.wrap(
            f"Prices: {prices.source}, before tax"
            f"{'; free in a rehearsal' if state.rehearsal else ''}.",
            WIDTH,
        ),
        *textwrap.wrap(surplus_sentence(wanted), WIDTH),
        *_memory(before, then),
        *too_many(len(state.target().users), then),
        quota,
        *_stop(now, people),
        "Instance, volumes, address, host key and certificate stay the same.",
    ]
    return lines, people


def compare(before: InstanceType, then: InstanceType, prices: Prices, gib: int) -> list[str]:
    """Return both types side by side; a month is with the volumes' GiB and the address."""
    names = [each.name for each in (before, then)]
    hours = [prices.hourly(name) for name in names]
    months = [prices.monthly(name, volumes_gib=gib).total for name in names]
    rows = [
        ["", "now", "then"],
        ["type", *names],
        ["vCPU", *(f"{each.vcpus}" for each in (before, then))],
        ["memory", *(f"{each.memory_gib:g} GiB" for each in (before, then))],
        ["an hour", *(in_dollars(price, 4) for price in hours)],
        ["a month in total", *(in_dollars(cost) for cost in months)],
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    return [f"  {_padded(row, widths)}" for row in rows]


def _padded(row: list[str], widths: list[int]) -> str:
    cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
    return "   ".join(cells).rstrip()


def other_changes(changes: Changes) -> list[str]:
    """Return lines on what Pulumi would do besides."""
    steps = [(op, each) for op, each in changes.steps if short_type(each.type) != "Instance"]
    if not steps:
        return []
    named = Changes({}, tuple(steps)).named()
    told = f"Pulumi has other pending changes, and makes them, too: {named}."
    return textwrap.wrap(told, WIDTH, break_on_hyphens=False)


def _memory(before: InstanceType, then: InstanceType) -> list[str]:
    if then.memory_gib < LEAST_GIB:
        return [f"{then.memory_gib:g} GiB is too little to work with; the minimum is {LEAST_GIB}."]
    if then.memory_gib < before.memory_gib:
        return ["It will have less memory: what fits now may no longer fit."]
    return []


def _stop(now: Situation, people: People) -> list[str]:
    if now.power == "running":
        return ["The server stops, and is unavailable for about a minute.", *people.lines]
    return [f"The server is {now.power} now; afterwards it will be running."]
