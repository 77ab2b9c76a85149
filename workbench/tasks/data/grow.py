"""Grow the data volume: configuration, volume, and the file system on it, while people work."""

import re

from workbench.configured import VOLUME_SIZE
from workbench.errors import WorkbenchError
from workbench.prices import in_dollars
from workbench.progress import Progress
from workbench.remote.converging import converge_server
from workbench.remote.data_volumes import Volume
from workbench.remote.data_volumes import read_volume
from workbench.remote.selection import find_project
from workbench.remote.stack_state import StackState
from workbench.tasks.changes.apply import change_configuration
from workbench.tasks.changes.apply import confirm
from workbench.tasks.changes.apply import interruptible
from workbench.tasks.changes.guard import Change
from workbench.tasks.command_name import as_typed
from workbench.tasks.data.data_list import monthly_price
from workbench.tasks.data.file_system import FileSystem
from workbench.tasks.data.file_system import read_file_system
from workbench.tasks.power.start_lines import start_lines

LARGEST = 16384
_SIZE = re.compile(r"([0-9]{1,6}) ?(?:g|gb|gib)?", re.IGNORECASE)
# What EC2 says of a volume that was changed a short while ago.
_TOO_SOON = ("VolumeModificationRateExceeded", "IncorrectModificationState")


def read_size(text: str) -> int:
    """Return a size in GiB: ``40``, ``40G`` or ``40GiB``."""
    match = _SIZE.fullmatch(text.strip())
    if match is None or not 1 <= int(match[1]) <= LARGEST:
        raise WorkbenchError(
            f"{text!r} isn't a valid volume size: give a whole number of GiB, 1 to {LARGEST}.",
            "workbench data.grow 40",
        )
    return int(match[1])


def grow_volume(
    state: StackState, progress: Progress, size: int, *, yes: bool, dry_run: bool
) -> None:
    """Grow the volume to ``size`` GiB, and its file system with it; from wherever it had got to."""
    volume = read_volume(state)
    _refuse_shrinking(state, volume, size)
    before = read_file_system(state, progress)
    if _has_grown(state, volume, size) and before.fills(size):
        print(f"The data volume {volume.id} has {size} GiB already: nothing to do.")
        print(f"  {before}")
        return
    command = f"workbench data.grow {size} --stack {state.stack}"
    if not confirm(_plan(state, volume, size, before), command, yes=yes, dry_run=dry_run):
        return
    state.close()
    with interruptible("the volume may have grown, and its file system not yet", command):
        _change(state, volume, size, progress)
        converge_server(state, progress)
    _tell(state, volume, size, progress)


def _refuse_shrinking(state: StackState, volume: Volume, size: int) -> None:
    if size >= volume.size_gib:
        return
    raise WorkbenchError(
        f"{volume.id} has {volume.size_gib} GiB and can't become {size}: neither EBS volumes nor"
        " XFS, the file system on it, can be made smaller.",
        f"workbench data.list --stack {state.stack}   shows what there is",
    )


def _has_grown(state: StackState, volume: Volume, size: int) -> bool:
    """Whether the volume has the size, and the configuration says so, by its default too."""
    configured = state.configured
    if volume.size_gib != size:
        return False
    if configured.data_volume_size is not None:
        return configured.data_volume_size == size
    if configured.data_snapshot_id or configured.data_volume_id:
        # The size is what these have.
        return True
    from workbench.components.storage import DEFAULT_SIZE

    return size == DEFAULT_SIZE


def _plan(state: StackState, volume: Volume, size: int, before: FileSystem) -> list[str]:
    free = ", free here" if state.rehearsal is not None else ""
    prices = state.prices()
    then = in_dollars(monthly_price(prices, size))
    now = in_dollars(monthly_price(prices, volume.size_gib))
    return [
        f"Grow {volume.id}, the data volume, from {volume.size_gib} to {size} GiB.",
        f"  {now} a month now, {then} afterwards",
        f"  ({prices.source}{free}).",
        f"  {before}",
        *(start_lines(state) or ["Nothing is stopped or restarted."]),
        "It can't be made smaller afterwards.",
        "AWS refuses the next change of this volume for about 6 hours.",
    ]


def _change(state: StackState, volume: Volume, size: int, progress: Progress) -> None:
    """Set the configuration, and let Pulumi grow the volume."""
    from workbench.engine.stacks import open_stack

    if _has_grown(state, volume, size):
        # An earlier one got as far as that.
        return
    before = state.config.get(VOLUME_SIZE)
    try:
        change_configuration(state, {VOLUME_SIZE: size}, progress, Change.GROW)
    except WorkbenchError as error:
        if not any(code in error.message for code in _TOO_SOON):
            raise
        open_stack(state.stack, find_project(), progress).set_config({VOLUME_SIZE: before})
        raise WorkbenchError(
            f"AWS doesn't grow {volume.id} yet: it was changed less than about 6 hours ago. The"
            " configuration is as it was.",
            f"workbench data.grow {size} --stack {state.stack}   later",
        ) from error


def _tell(state: StackState, volume: Volume, size: int, progress: Progress) -> None:
    after = read_file_system(state, progress)
    state.close()
    if not after.fills(size):
        raise WorkbenchError(
            f"{volume.id} has {size} GiB, but its file system has not grown with it: {after}.",
            f"workbench data.grow {size} --stack {state.stack}   tries again",
        )
    print(f"The data volume {volume.id} has {size} GiB now.")
    print(f"  {after}")
    print(as_typed(f"  workbench status --stack {state.stack}"))
