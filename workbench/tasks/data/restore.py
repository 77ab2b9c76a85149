"""Restore a snapshot into a new volume; the old one is kept, and comes back where that fails.

Every step can be done again after it was interrupted: what is so is read from the configuration,
Pulumi's state and AWS, and what was before from a note.
"""

from typing import TYPE_CHECKING
from typing import NoReturn

from workbench.configured import SNAPSHOT
from workbench.configured import VOLUME
from workbench.configured import VOLUME_SIZE
from workbench.engine.failures import InterruptedUpdateError
from workbench.engine.failures import StackLockedError
from workbench.errors import WorkbenchError
from workbench.progress import Progress
from workbench.remote.converging import converge_server
from workbench.remote.data_volumes import Snapshot
from workbench.remote.data_volumes import find_volume
from workbench.remote.data_volumes import read_volume
from workbench.remote.power import PowerWatch
from workbench.remote.selection import find_project
from workbench.remote.stack_state import StackState
from workbench.remote.stack_state import read_stack
from workbench.tasks.changes.apply import Interrupted
from workbench.tasks.changes.apply import change_configuration
from workbench.tasks.changes.apply import confirm
from workbench.tasks.changes.apply import interruptible
from workbench.tasks.changes.guard import Change
from workbench.tasks.changes.stack_lock import when_free
from workbench.tasks.changes.usable import wait_usable
from workbench.tasks.changes.verify import failing
from workbench.tasks.changes.verify import require_passed
from workbench.tasks.changes.working_people import People
from workbench.tasks.changes.working_people import see_people
from workbench.tasks.command_name import as_typed
from workbench.tasks.data.data_list import monthly_price
from workbench.tasks.data.data_list import remove_command
from workbench.tasks.data.restore_note import NOTE
from workbench.tasks.data.restore_note import Note
from workbench.tasks.data.restore_plan import KEYS
from workbench.tasks.data.restore_plan import choose_snapshot
from workbench.tasks.data.restore_plan import plan_lines
from workbench.tasks.data.restore_plan import refuse_what_cannot_be
from workbench.tasks.data.restore_plan import wanted_values

if TYPE_CHECKING:
    from workbench.engine.changes import Changes
    from workbench.remote.data_volumes import Volume


class RestoreFailedError(WorkbenchError):
    """The restored volume couldn't be used; the old one is back."""


def restore(
    state: StackState,
    progress: Progress,
    wanted: str | None,
    *,
    force: bool,
    yes: bool,
    dry_run: bool,
) -> None:
    """Restore a snapshot, the volume's newest where none is named, from wherever it had got to."""
    from workbench.engine.stacks import open_stack

    volume, note = read_volume(state), NOTE.read(state)
    snapshot = choose_snapshot(state, volume, wanted, note)
    deployment = open_stack(state.stack, find_project(), progress).export()
    refuse_what_cannot_be(state, deployment, volume, snapshot, note)
    command = f"workbench data.restore {snapshot.id} --stack {state.stack}"
    watch = PowerWatch(state.aws("ec2"), str(state.outputs["instance_id"]), state.stack)
    people = see_people(state, progress) if watch.state == "running" else None
    is_moved = note is not None and _is_moved(state, snapshot, note)
    if people is not None and not dry_run and not is_moved:
        people.refuse_stop(f"{command} --force", force=force)
    old = (note and find_volume(state, note.old_volume)) or volume
    typed = f"{command} --force" if force else command
    lines = plan_lines(state, old, snapshot, people, is_moved=is_moved)
    if not confirm(lines, typed, yes=yes, dry_run=dry_run):
        return
    begun = note or _begin(state, volume, snapshot, people, progress)
    # The server stops: this connection would only break.
    state.close()
    kept = f"{begun.old_volume} and its snapshots are all still there"
    try:
        with interruptible(kept, f"{command}   continues"):
            if is_moved:
                _finish(state, begun, progress)
            else:
                _carry_out(state, snapshot, begun, progress, is_new=note is None)
    except InterruptedUpdateError as error:
        raise Interrupted(f"Interrupted: {kept}.", f"{command}   continues") from error
    NOTE.remove(state)
    _tell(state, old, progress)


def _begin(
    state: StackState,
    volume: "Volume",
    snapshot: Snapshot,
    people: People | None,
    progress: Progress,
) -> Note:
    """Note what is so before the first change."""
    failed = [] if people is None else failing(state.target(), progress)
    before = {key: state.config.get(key) for key in KEYS}
    note = Note(snapshot.id, volume.id, before, [report.name for report in failed])
    NOTE.write(state, note)
    return note


def _carry_out(
    state: StackState, snapshot: Snapshot, note: Note, progress: Progress, *, is_new: bool
) -> None:
    """Put the new volume in the old one's place; go back where the server isn't well with it."""
    is_changing = False

    def check(changes: "Changes") -> None:
        nonlocal is_changing
        is_changing = True

    try:
        change_configuration(
            state, wanted_values(state, snapshot), progress, Change.RESTORE, check=check
        )
        _serve(state, note.failing, progress)
    except InterruptedUpdateError:
        raise
    except WorkbenchError as error:
        if not is_changing:
            # What was refused before anything changed is no restore that has to be finished.
            if is_new:
                NOTE.remove(state)
            raise
        if isinstance(error, StackLockedError):
            # Another update continues; this one tried nothing that failed.
            raise
        _roll_back(state, note, error, progress)


def _finish(state: StackState, note: Note, progress: Progress) -> None:
    """Check a volume that an earlier run put there: people may have worked on it since."""
    try:
        _serve(state, note.failing, progress)
    except WorkbenchError as error:
        back = (
            f"pulumi config rm {SNAPSHOT} --stack {state.stack} && pulumi config set {VOLUME}"
            f" {note.old_volume} --stack {state.stack} && workbench up --stack {state.stack}"
        )
        raise WorkbenchError(
            f"{error.message}\nThe restored volume is in use since an earlier run, so it stays.",
            f"{error.hint}\n  {back}\n  goes back to {note.old_volume}",
        ) from error


def _is_moved(state: StackState, snapshot: Snapshot, note: Note) -> bool:
    """Whether an earlier run got as far as that the stack has the new volume, attached."""
    configured = state.configured
    if configured.data_snapshot_id != snapshot.id or configured.data_volume_id:
        return False
    volume = read_volume(state)
    return volume.id != note.old_volume and volume.state == "in-use"


def _serve(state: StackState, known: list[str], progress: Progress) -> None:
    """Start the server with the volume it has now, converge it, and check all of it.

    ``known`` are the checks that failed before.
    """
    fresh = read_stack(state.stack, progress)
    try:
        converge_server(fresh, progress)
        wait_usable(fresh.target(), progress)
        failed = failing(fresh.target(), progress, known=known)
        require_passed(state.stack, failed, "The server runs")
    finally:
        fresh.close()


def _roll_back(
    state: StackState, note: Note, error: WorkbenchError, progress: Progress
) -> NoReturn:
    """Put the old volume back, and raise with why."""
    from workbench.engine.stacks import open_stack

    failed = str(read_stack(state.stack, progress).outputs.get("data_volume_id") or "")
    is_moved = failed != note.old_volume
    values = dict(note.configuration)
    if is_moved:
        values |= {VOLUME: note.old_volume, SNAPSHOT: None, VOLUME_SIZE: None}
    progress.say(f"{error.message}\nPutting {note.old_volume} back.")
    again = f"workbench data.restore {note.snapshot} --stack {state.stack}"
    try:
        opened = open_stack(state.stack, find_project(), progress)
        opened.set_config(values)
        when_free(opened.up)
        _serve(state, note.failing, progress)
    except WorkbenchError as second:
        raise WorkbenchError(
            f"{error.message}\n{note.old_volume} could not be restored yet: {second.message}",
            f"workbench up --stack {state.stack}   continues that",
        ) from second
    NOTE.remove(state)
    told = (
        f"\n{failed}, made from {note.snapshot}, is kept so you can look at it." if is_moved else ""
    )
    raise RestoreFailedError(
        f"{error.message}\nSo {note.old_volume} is in use again, and the server's checks"
        f" pass.{told}",
        f"{again}   tries again",
    ) from error


def _tell(state: StackState, old: "Volume", progress: Progress) -> None:
    """Say which volume is used now, and what to do about the old one."""
    from workbench.prices import in_dollars

    fresh = read_stack(state.stack, progress)
    current = fresh.outputs["data_volume_id"]
    print(f"The data volume is {current} now, and its checks pass.")
    # After a run that was interrupted, the old one may have been deleted manually.
    if old.id != current:
        price = in_dollars(monthly_price(state.prices(), old.size_gib))
        print(f"Kept: {old.id}, as it was before the restore, for {price} a month. To delete it:")
        print(f"  {remove_command(state, old.id)}")
    print(as_typed(f"  workbench data.list --stack {state.stack}"))
