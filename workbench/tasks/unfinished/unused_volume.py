"""The data volume of a first up that failed: no server ever had it, so nobody's work is on it.

It is made before the server, for whose zone or type AWS may have no capacity. Pulumi never deletes
a data volume, so this does, where the stack moves to another zone or is destroyed.
"""

from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING
from typing import Any

from workbench.engine.state import short_type
from workbench.errors import WorkbenchError
from workbench.tasks.stack_state import StackState
from workbench.tasks.stack_state import read_stack
from workbench.tasks.volumes.data_volumes import find_snapshot
from workbench.tasks.volumes.data_volumes import find_volume
from workbench.tasks.volumes.data_volumes import snapshots_where

if TYPE_CHECKING:
    from workbench.engine.stacks import Stack
    from workbench.progress import Progress

# A Workbench's own volume, which only a server of the same stack can have.
_OWN = "workbench:index:Workbench$"
ZONE, SUBNET = "workbench:availabilityZone", "workbench:subnetId"


@dataclass(frozen=True)
class Unused:
    """A data volume in a stack's state that no server ever had."""

    urn: str
    id: str
    zone: str


def find_unused(state: StackState, deployment: Mapping[str, Any]) -> Unused | None:
    """Return the stack's data volume where no server ever had it, by all that can be known.

    That is by the stack, which had no complete up, and by AWS. One that was made from a snapshot
    counts, too: all that is on it is in the snapshot.
    """
    if state.outputs or deployment.get("pending_operations"):
        return None
    resources = deployment.get("resources") or []
    attached = {(each.get("inputs") or {}).get("volumeId") for each in _of(resources, "Attachment")}
    found = [each for each in _of(resources, ":Volume") if not each.get("delete")]
    if len(found) != 1 or not _is_own(found[0]) or found[0].get("id") in attached:
        return None
    volume = find_volume(state, str(found[0]["id"]))
    if volume is None or volume.state != "available":
        return None
    if volume.snapshot_id and find_snapshot(state, volume.snapshot_id) is None:
        return None
    if any(snapshots_where(state.aws("ec2"), "volume-id", [volume.id])):
        return None
    return Unused(str(found[0]["urn"]), volume.id, volume.zone)


def find_misplaced(opened: "Stack", progress: "Progress") -> tuple[StackState, Unused, str] | None:
    """Return an unused volume that is in another zone than the configuration asks for.

    With it the stack's state, and that zone.
    """
    is_made = any(short_type(each.type) == "Volume" for each in opened.state().resources)
    if not is_made or opened.outputs():
        return None
    state = read_stack(opened.name, progress)
    zone = _wanted_zone(state)
    unused = find_unused(state, opened.export()) if zone else None
    return (state, unused, zone) if unused and zone and unused.zone != zone else None


def move_unused(opened: "Stack", progress: "Progress", agree: Callable[[str], bool]) -> None:
    """Let go of an unused volume that is in another zone than it is wanted in."""
    found = find_misplaced(opened, progress)
    if found is None:
        return
    state, unused, zone = found
    if not agree(tell_move(unused, zone)):
        raise WorkbenchError("Nothing was changed.")
    opened.let_go(unused.urn)
    delete_unused(state, unused, progress)


def tell_move(unused: Unused, zone: str) -> str:
    """Return what a move to another zone begins with."""
    return (
        f"The data volume {unused.id} in {unused.zone} is deleted, and one made in {zone}: no"
        " server ever had it."
    )


def delete_unused(state: StackState, unused: Unused, progress: "Progress") -> None:
    """Delete an unused volume, which Pulumi has let go of."""
    state.aws("ec2").delete_volume(VolumeId=unused.id)
    progress.say(f"Deleted: {unused.id} in {unused.zone}, a data volume that no server ever had.")


def _wanted_zone(state: StackState) -> str | None:
    """Return the zone that the configuration asks for; None where it doesn't."""
    if subnet := state.config.get(SUBNET):
        found = state.aws("ec2").describe_subnets(
            Filters=[{"Name": "subnet-id", "Values": [subnet]}]
        )["Subnets"]
        return str(found[0]["AvailabilityZone"]) if found else None
    return state.config.get(ZONE)


def _of(resources: Iterable[Mapping[str, Any]], ending: str) -> list[Mapping[str, Any]]:
    return [each for each in resources if each["type"].endswith(ending)]


def _is_own(volume: Mapping[str, Any]) -> bool:
    taken_in = volume.get("external") or volume.get("importID")
    return _OWN in volume["urn"] and not taken_in
