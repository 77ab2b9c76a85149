"""Make a snapshot of the data volume manually, and wait until it is whole."""

from typing import Any

from workbench.errors import WaitTimeoutError
from workbench.errors import WorkbenchError
from workbench.prices import in_dollars
from workbench.progress import Progress
from workbench.remote.data_volumes import BY_TASK
from workbench.remote.data_volumes import MAKER_TAG
from workbench.remote.data_volumes import STACK_TAG
from workbench.remote.data_volumes import Snapshot
from workbench.remote.data_volumes import Volume
from workbench.remote.data_volumes import find_snapshot
from workbench.remote.data_volumes import read_volume
from workbench.remote.power import PowerWatch
from workbench.remote.stack_state import StackState
from workbench.tasks.changes.apply import confirm
from workbench.tasks.changes.apply import interruptible
from workbench.tasks.command_name import as_typed
from workbench.tasks.data.held_still import make_held_still
from workbench.waiting import wait_for

# The first snapshot of a big volume takes hours; later ones only have what changed.
LIMIT = 6 * 3600.0
INTERVAL = 2.0
LONGEST = 255


def back_up(
    state: StackState, progress: Progress, description: str | None, *, yes: bool, dry_run: bool
) -> None:
    """Make the snapshot, and say how to restore it."""
    text = _checked(description)
    volume = read_volume(state)
    prices = state.prices()
    price = prices.snapshot()
    free = "; free here" if state.rehearsal is not None else ""
    plan = [
        f"Take a snapshot of {volume.id} ({volume.size_gib} GiB), the data volume.",
        "The server keeps running; its file system is frozen for a second or two.",
        f"A GiB that is in use costs {in_dollars(price, 3)} a month; of what is in an older",
        "snapshot already, only what changed costs.",
        f"  ({prices.source}{free})",
    ]
    command = f"workbench data.backup --stack {state.stack}"
    if not confirm(plan, command, yes=yes or state.rehearsal is not None, dry_run=dry_run):
        return
    snapshot, problem = begin_snapshot(state, volume, text, progress)
    with interruptible(
        f"the snapshot {snapshot} continues on its own",
        f"workbench data.list --stack {state.stack}",
    ):
        done = await_snapshot(state, snapshot, progress)
    print(f"{done.id} is a snapshot of {volume.id}, {_consistency(problem)}.")
    print(as_typed(f"  workbench data.restore {done.id} --stack {state.stack}   restores it"))
    print(as_typed(f"  workbench data.list --stack {state.stack}"))


def begin_snapshot(
    state: StackState, volume: Volume, description: str, progress: Progress
) -> tuple[str, str]:
    """Begin a snapshot; return its id, and why the file system couldn't be held still."""
    ec2 = state.aws("ec2")
    tags = {"Name": f"{state.stack} data", MAKER_TAG: BY_TASK}
    tags |= {STACK_TAG: volume.stack} if volume.stack else {}

    def create() -> str:
        made: dict[str, Any] = ec2.create_snapshot(
            VolumeId=volume.id,
            Description=description,
            TagSpecifications=[
                {
                    "ResourceType": "snapshot",
                    "Tags": [{"Key": key, "Value": value} for key, value in tags.items()],
                }
            ],
        )
        return str(made["SnapshotId"])

    with progress.phase("Begin") as phase:
        instance = str(state.outputs["instance_id"])
        if PowerWatch(ec2, instance, state.stack).state == "stopped":
            # An orderly halt unmounted it.
            return create(), ""
        phase.tick("freezing the file system")
        return make_held_still(state, create)


def await_snapshot(state: StackState, snapshot_id: str, progress: Progress) -> Snapshot:
    """Wait until a snapshot is complete."""

    def complete() -> Snapshot | None:
        found = find_snapshot(state, snapshot_id)
        if found is not None and found.state == "error":
            raise WorkbenchError(
                f"AWS could not make the snapshot {snapshot_id}.",
                f"workbench data.backup --stack {state.stack}   tries again",
            )
        phase.tick(f"{snapshot_id}: {found.progress if found else 0} %")
        return found if found is not None and found.state == "completed" else None

    with progress.phase("Snapshot") as phase:
        made = wait_for(complete, LIMIT, INTERVAL)
        if made is None:
            raise WaitTimeoutError(
                f"The snapshot {snapshot_id} isn't complete after {LIMIT / 3600:.0f} hours;"
                " it continues on its own.",
                f"workbench data.list --stack {state.stack}",
            )
    return made


def _checked(description: str | None) -> str:
    text = "Made by workbench data.backup" if description is None else description.strip()
    if not text or len(text) > LONGEST or not text.isprintable() or not text.isascii():
        raise WorkbenchError(
            f"A snapshot's description has 1 to {LONGEST} plain (ASCII) characters.",
            'workbench data.backup --description "before the upgrade"',
        )
    return text


def _consistency(problem: str) -> str:
    if not problem:
        return "with its file system whole"
    return f"but only as after a power cut, which XFS repairs: {problem.rstrip('.')}"
