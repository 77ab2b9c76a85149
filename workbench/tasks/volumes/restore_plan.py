"""What a restore would do: which snapshot, into what volume, and what it asks of people."""

from typing import TYPE_CHECKING

from workbench.engine.state import short_type
from workbench.errors import ConfigError
from workbench.errors import WorkbenchError
from workbench.prices import TABLE_DATE
from workbench.prices import in_dollars
from workbench.tasks.server.working_people import People
from workbench.tasks.stack_state import StackState
from workbench.tasks.volumes.data_list import monthly_price
from workbench.tasks.volumes.data_volumes import Snapshot
from workbench.tasks.volumes.data_volumes import Volume
from workbench.tasks.volumes.data_volumes import find_snapshot
from workbench.tasks.volumes.data_volumes import read_kept
from workbench.tasks.volumes.data_volumes import read_snapshots
from workbench.tasks.volumes.restore_note import Note

if TYPE_CHECKING:
    from workbench.engine.changes import Changes

SNAPSHOT, VOLUME = "workbench:dataSnapshotId", "workbench:dataVolumeId"
SIZE, ZONE = "workbench:dataVolumeSize", "workbench:availabilityZone"
KEYS = (SNAPSHOT, VOLUME, SIZE, ZONE)


def choose_snapshot(
    state: StackState, volume: Volume, wanted: str | None, note: Note | None
) -> Snapshot:
    """Return the snapshot to restore: the one under way, the one asked for, or the newest."""
    listing = f"workbench data.list --stack {state.stack}"
    if note is not None and wanted not in (None, note.snapshot):
        raise WorkbenchError(
            f"A restore of {note.snapshot} has not ended.",
            f"workbench data.restore {note.snapshot} --stack {state.stack}   goes on with it",
        )
    wanted = note.snapshot if note else wanted
    if wanted is None:
        snapshots = read_snapshots(state, [volume, *read_kept(state, volume)])
        found = next((each for each in snapshots if each.state == "completed"), None)
        if found is None:
            raise WorkbenchError(
                f"There is no snapshot of {volume.id} that is complete.",
                f"workbench data.backup --stack {state.stack}   makes one",
            )
    else:
        found = find_snapshot(state, wanted)
    if found is None:
        raise WorkbenchError(f"There is no snapshot {wanted} in this account.", listing)
    if found.state != "completed":
        raise WorkbenchError(f"{found.id} can't be restored: it is {found.state}.", listing)
    return found


def refuse_what_cannot_be(
    state: StackState, volume: Volume, snapshot: Snapshot, note: Note | None
) -> None:
    """Raise where the configuration can't say it, or Pulumi wouldn't do it."""
    if state.config.get("workbench:protectInstance", "").lower() == "true":
        raise ConfigError(
            "The server is protected (workbench:protectInstance), and its volume with it.",
            f"pulumi config set workbench:protectInstance false --stack {state.stack}",
        )
    if note is None and volume.snapshot_id == snapshot.id:
        raise WorkbenchError(
            f"{volume.id} was made from {snapshot.id}, and Pulumi sees nothing to do to make it"
            " so again. A copy of the snapshot can be restored.",
            f"aws ec2 copy-snapshot --source-region {state.outputs.get('region')}"
            f" --source-snapshot-id {snapshot.id}",
        )


def wanted_values(state: StackState, snapshot: Snapshot) -> dict[str, str | int | None]:
    """Return the keys to set for a new volume from a snapshot; never smaller than that is."""
    config = state.config
    values: dict[str, str | int | None] = {SNAPSHOT: snapshot.id, VOLUME: None}
    if int(config.get(SIZE) or snapshot.size_gib) < snapshot.size_gib:
        values[SIZE] = snapshot.size_gib
    if config.get(VOLUME) and not config.get("workbench:subnetId") and not config.get(ZONE):
        # The volume decided the zone; what is there stays in it.
        values[ZONE] = str(state.outputs["zone"])
    return values


def plan_lines(
    state: StackState, volume: Volume, snapshot: Snapshot, people: People | None
) -> list[str]:
    """Return what a person is asked to agree to."""
    when = snapshot.started.astimezone().strftime("%Y-%m-%d %H:%M")
    size = max(int(state.config.get(SIZE) or 0), snapshot.size_gib)
    free = ", free here" if state.rehearsal is not None else ""
    price = in_dollars(monthly_price(state, volume.size_gib))
    stops = ["The server stops, and is away for some minutes.", *people.lines] if people else []
    return [
        f"Restore {snapshot.id}, made {when} by {snapshot.by}, into a new volume of {size} GiB.",
        "Homes, accounts and passwords become what they were then.",
        *stops,
        f"What was written since stays on {volume.id}, which is kept until you delete it:",
        f"  {price} a month (list price of {TABLE_DATE}{free}).",
    ]


def only_moves_the_volume(changes: "Changes") -> None:
    """Raise where Pulumi would do more than put another volume in the place of this one."""
    others = [
        f"{op} {each}"
        for op, each in changes.steps
        if short_type(each.type) in ("Instance", "Eip") and op not in ("update", "same")
    ]
    if others:
        raise WorkbenchError(
            f"Pulumi would {', '.join(others)}, which is more than a restore; nothing was changed.",
            "workbench up   after a look at: pulumi preview --diff",
        )
