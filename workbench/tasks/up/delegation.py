"""What a person enters where the domain is kept, so that its names point to the workbench."""

from workbench.checks.check import Report
from workbench.checks.dns import records_by_hand
from workbench.progress import Progress
from workbench.remote.stack_state import StackState

RECORDS = "create these where the domain is managed"
NAME_SERVERS = "enter these where you bought the domain"


def delegation(state: StackState) -> list[tuple[str, list[str], str]]:
    """Return what to enter: its name, each of it, and where; a rehearsal's names need nothing."""
    if state.rehearsal is not None:
        return []
    servers = [str(each) for each in state.outputs.get("name_servers") or []]
    rows = (
        ("DNS records", records_by_hand(state.outputs), RECORDS),
        ("Name servers", servers, NAME_SERVERS),
    )
    return [row for row in rows if row[1]]


def say_delegation(state: StackState, progress: Progress) -> None:
    """Say what to enter while the server becomes one, so that it gets its certificate then."""
    # Not only where a name leads elsewhere: asked too early, this computer's resolver would
    # remember for a while that there is no such name.
    for name, values, where in delegation(state):
        progress.say("\n  ".join([f"{name}: {where}, if you haven't yet:", *values]))


def missing_delegation(state: StackState, failed: list[Report]) -> list[tuple[str, list[str], str]]:
    """Return what to enter if the names don't point to the workbench."""
    return delegation(state) if "dns" in {each.name for each in failed} else []


def awaits_delegation(state: StackState, failed: list[Report]) -> bool:
    """Whether what failed is only what can't be right before a person has entered it."""
    # A load balancer has its certificate before any name points to it.
    late = {"dns"} if state.outputs.get("entrance") else {"dns", "certificate"}
    return {each.name for each in failed} == late and bool(delegation(state))
