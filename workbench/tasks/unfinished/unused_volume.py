"""The data volume of a first up that failed: no server ever had it, so nobody's work is on it.

It is made before the server, for whose zone or type AWS may have no capacity. Pulumi never deletes
a data volume, so this does, where the stack moves to another zone or is destroyed. That no server
had it is noted when it is certain, and believed while nothing has touched Pulumi's state since.
"""

from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Mapping
from contextlib import contextmanager
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING
from typing import Any

from workbench.engine.state import Resource
from workbench.engine.state import short_type
from workbench.errors import WorkbenchError
from workbench.remote.data_volumes import find_snapshot
from workbench.remote.data_volumes import find_volume
from workbench.remote.data_volumes import snapshots_where
from workbench.remote.stack_state import StackState
from workbench.remote.stack_state import read_each
from workbench.tasks.changes.note import NoteFile

if TYPE_CHECKING:
    from workbench.engine.stacks import Stack
    from workbench.progress import Progress

# A Workbench's own volume, which only a server of the same stack can have.
_OWN = "workbench:index:Workbench$"
_SERVERS = ("Instance", "VolumeAttachment")


@dataclass(frozen=True)
class Unused:
    """A data volume in a stack's state that no server ever had."""

    urn: str
    id: str
    zone: str


@dataclass(frozen=True)
class Note:
    """A volume that no server had when Pulumi wrote its state down, and when that was."""

    volume: str
    written: str


NOTE = NoteFile("unused-volume.json", Note)


@contextmanager
def noting_unused(opened: "Stack", unused: Unused | None, progress: "Progress") -> Iterator[None]:
    """Note a volume that is made in the block, where that fails before there is a server.

    ``unused`` is one that was there before. One of which that wasn't known stays so.
    """
    before = _of(opened.state().resources, "Volume")
    try:
        yield
    except BaseException:
        if not before or unused is not None:
            # The failure itself is what has to be told.
            with suppress(WorkbenchError):
                _note(opened, progress)
        raise


def _note(opened: "Stack", progress: "Progress") -> None:
    resources = opened.state().resources
    volumes = _of(resources, "Volume")
    if len(volumes) != 1 or any(_of(resources, kind) for kind in _SERVERS):
        return
    deployment, (state, *_) = opened.export(), read_each(opened.name, progress)
    if not deployment.get("pending_operations"):
        NOTE.write(state, Note(volumes[0].id, _written(deployment)))


def _written(deployment: Mapping[str, Any]) -> str:
    """Return when Pulumi wrote a state down; each operation does."""
    return str((deployment.get("manifest") or {}).get("time") or "")


def find_unused(state: StackState, deployment: Mapping[str, Any]) -> Unused | None:
    """Return the stack's data volume where no server ever had it, by all that can be known.

    That is by the note, which must be of this state, and by AWS. One that was made from a snapshot
    counts, too: all that is on it is in the snapshot.
    """
    note = NOTE.read(state)
    if note is None or not note.written or note.written != _written(deployment) or state.outputs:
        return None
    resources = deployment.get("resources") or []
    found = [each for each in resources if each.get("id") == note.volume]
    if len(found) != 1 or not _is_own(found[0]):
        return None
    volume = find_volume(state, note.volume)
    if volume is None or volume.state != "available":
        return None
    if volume.snapshot_id and find_snapshot(state, volume.snapshot_id) is None:
        return None
    if any(snapshots_where(state.aws("ec2"), "volume-id", [volume.id])):
        return None
    return Unused(str(found[0]["urn"]), volume.id, volume.zone)


def look_for_unused(opened: "Stack", progress: "Progress") -> Unused | None:
    """Return a stack's unused volume; to be called before Pulumi writes anything down."""
    if not _of(opened.state().resources, "Volume") or opened.outputs():
        return None
    return find_unused(read_each(opened.name, progress)[0], opened.export())


def move_unused(
    opened: "Stack", unused: Unused | None, progress: "Progress", agree: Callable[[str], bool]
) -> None:
    """Let go of an unused volume that is in another zone than it is wanted in."""
    if unused is None:
        return
    state, *_ = read_each(opened.name, progress)
    told = tell_move(state, unused)
    if not told:
        return
    if not agree(told):
        raise WorkbenchError("Nothing was changed.")
    opened.let_go(unused.urn)
    delete_unused(state, unused, progress)


def tell_move(state: StackState, unused: Unused) -> str:
    """Return what a move to another zone begins with; empty where it is where it is wanted."""
    zone = _wanted_zone(state)
    if zone in (None, unused.zone):
        return ""
    return (
        f"The data volume {unused.id} in {unused.zone} is deleted, and one made in {zone}: no"
        " server ever had it."
    )


def delete_unused(state: StackState, unused: Unused, progress: "Progress") -> None:
    """Delete an unused volume, which Pulumi has let go of; it may have deleted it then."""
    from botocore.exceptions import ClientError

    try:
        state.aws("ec2").delete_volume(VolumeId=unused.id)
    except ClientError as error:
        if error.response["Error"]["Code"] != "InvalidVolume.NotFound":
            raise
    NOTE.remove(state)
    progress.say(f"Deleted: {unused.id} in {unused.zone}, a data volume that no server ever used.")


def _wanted_zone(state: StackState) -> str | None:
    """Return the zone that the configuration asks for; None where it doesn't."""
    if subnet := state.configured.subnet_id:
        found = state.aws("ec2").describe_subnets(
            Filters=[{"Name": "subnet-id", "Values": [subnet]}]
        )["Subnets"]
        return str(found[0]["AvailabilityZone"]) if found else None
    return state.configured.availability_zone


def _of(resources: Iterable[Resource], kind: str) -> list[Resource]:
    return [each for each in resources if short_type(each.type) == kind]


def _is_own(volume: Mapping[str, Any]) -> bool:
    taken_in = volume.get("external") or volume.get("importID")
    return _OWN in volume["urn"] and not taken_in
