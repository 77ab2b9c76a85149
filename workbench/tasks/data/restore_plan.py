"""What a restore would do: which snapshot, into what volume, and what it asks of people."""

from collections.abc import Mapping
from typing import Any

from workbench.configured import PROTECT
from workbench.configured import SNAPSHOT
from workbench.configured import VOLUME
from workbench.configured import VOLUME_SIZE
from workbench.configured import ZONE
from workbench.errors import ConfigError
from workbench.errors import WorkbenchError
from workbench.prices import in_dollars
from workbench.remote.data_volumes import Snapshot
from workbench.remote.data_volumes import Volume
from workbench.remote.data_volumes import find_snapshot
from workbench.remote.data_volumes import read_snapshots
from workbench.remote.stack_state import StackState
from workbench.tasks.changes.working_people import People
from workbench.tasks.data.data_list import aws_options
from workbench.tasks.data.data_list import monthly_price
from workbench.tasks.data.restore_note import Note
from workbench.tasks.data.what_stays import keeps
from workbench.tasks.power.start_lines import STARTED

KEYS = (SNAPSHOT, VOLUME, VOLUME_SIZE, ZONE)


def choose_snapshot(
    state: StackState, volume: Volume, wanted: str | None, note: Note | None
) -> Snapshot:
    """Return what to restore: what is in progress, what was asked for, or the volume's newest."""
    listing = f"workbench data.list --stack {state.stack}"
    if note is not None and wanted not in (None, note.snapshot):
        raise WorkbenchError(
            f"A restore of {note.snapshot} has not finished.",
            f"workbench data.restore {note.snapshot} --stack {state.stack}   continues it",
        )
    wanted = note.snapshot if note else wanted
    if wanted is None:
        # One that only has the stack's tag may be of another stack of this name.
        snapshots = [
            each for each in read_snapshots(state, [volume]) if each.volume_id == volume.id
        ]
        found = next((each for each in snapshots if each.state == "completed"), None)
        if found is None:
            raise WorkbenchError(
                f"There is no snapshot of {volume.id} that is complete.",
                f"workbench data.backup --stack {state.stack}   makes one\n"
                f"  {listing}   shows those of volumes before it",
            )
    else:
        found = find_snapshot(state, wanted)
    if found is None:
        raise WorkbenchError(f"There is no snapshot {wanted} in this account.", listing)
    if found.state != "completed":
        raise WorkbenchError(f"{found.id} can't be restored: it is {found.state}.", listing)
    return found


def refuse_what_cannot_be(
    state: StackState,
    deployment: Mapping[str, Any],
    volume: Volume,
    snapshot: Snapshot,
    note: Note | None,
) -> None:
    """Raise where the configuration can't say it, or Pulumi wouldn't do it.

    ``deployment`` is the stack's, as Pulumi exports it.
    """
    if state.configured.protect_instance:
        raise ConfigError(
            f"The server is protected ({PROTECT}), and its volume with it.",
            f"pulumi config set {PROTECT} false --stack {state.stack}",
        )
    if not state.configured.keep_data_volume or not keeps(deployment, volume.id):
        raise ConfigError(
            f"A restore puts a new volume in the place of {volume.id}, and that one would be"
            " deleted: it was last made with workbench:keepDataVolume false, or the configuration"
            " says so now, or the program (keep_data_volume).",
            f"pulumi config set workbench:keepDataVolume true --stack {state.stack}"
            f" && workbench up --stack {state.stack}",
        )
    if note is None and volume.snapshot_id == snapshot.id:
        raise WorkbenchError(
            f"{volume.id} was made from {snapshot.id}, and Pulumi sees nothing to do to make it"
            " so again. A copy of the snapshot can be restored.",
            f"aws ec2 copy-snapshot {aws_options(state)}"
            f" --source-region {state.outputs.get('region')}"
            f" --source-snapshot-id {snapshot.id}",
        )


def wanted_values(state: StackState, snapshot: Snapshot) -> dict[str, str | int | None]:
    """Return the keys to set for a new volume from a snapshot; never smaller than that is."""
    configured = state.configured
    values: dict[str, str | int | None] = {SNAPSHOT: snapshot.id, VOLUME: None}
    if (configured.data_volume_size or snapshot.size_gib) < snapshot.size_gib:
        values[VOLUME_SIZE] = snapshot.size_gib
    chosen = configured.subnet_id or configured.availability_zone
    if configured.data_volume_id and not chosen:
        # The volume decided the zone; what is there stays in it.
        values[ZONE] = str(state.outputs["zone"])
    return values


def plan_lines(
    state: StackState,
    volume: Volume,
    snapshot: Snapshot,
    people: People | None,
    *,
    is_moved: bool = False,
) -> list[str]:
    """Return what a person is asked to agree to; ``people`` is None where the server is stopped."""
    if is_moved:
        return [
            f"{snapshot.id} is restored already, by a command that was interrupted.",
            "What is left: recipe and checks. Nothing stops for that.",
        ]
    when = snapshot.started.astimezone().strftime("%Y-%m-%d %H:%M")
    size = max(state.configured.data_volume_size or 0, snapshot.size_gib)
    free = ", free here" if state.rehearsal is not None else ""
    prices = state.prices()
    price = in_dollars(monthly_price(prices, volume.size_gib))
    stops = [STARTED]
    if people is not None:
        stops = ["The server stops, and is unavailable for a few minutes.", *people.lines]
    return [
        f"Restore {snapshot.id}, made {when} by {snapshot.by},",
        f"  of {snapshot.volume_id}, into a new volume of {size} GiB.",
        "Home folders, accounts and passwords become what they were then.",
        *stops,
        f"Anything written since stays on {volume.id}, which is kept until you delete it:",
        f"  {price} a month",
        f"  ({prices.source}{free}).",
    ]
