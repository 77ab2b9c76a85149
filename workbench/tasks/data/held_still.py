"""Hold the server's file system still for the moment in which a snapshot begins.

A snapshot is of the moment its creation is answered; how long the copying takes is no matter.
docs.aws.amazon.com/ebs/latest/userguide/ebs-creating-snapshot.html
"""

from collections.abc import Callable
from typing import TypeVar

from workbench.errors import WorkbenchError
from workbench.remote.stack_state import StackState

# Seconds after which the server thaws by itself, whatever happened to this computer.
LIMIT = 20
UNIT = "workbench-thaw"
# What was written to the product's own file system goes into its file first; that one has a
# journal, so what it writes while the volume stands still is as after a power failure.
# The way to thaw is there before anything freezes. XFS thaws with all that waits still whole.
FREEZE = (
    "mountpoint -q /data && sudo -n sync --file-system /data/workbench"
    f" && sudo -n systemd-run --quiet --collect --unit={UNIT}"
    f" --on-active={LIMIT} fsfreeze --unfreeze /data && sudo -n timeout 10 fsfreeze --freeze /data"
)
# Fails where it had thawed by itself before.
THAW = "sudo -n fsfreeze --unfreeze /data"
END = f"sudo -n systemctl stop {UNIT}.timer"

Made = TypeVar("Made")


def make_held_still(state: StackState, make: Callable[[], Made]) -> tuple[Made, str]:
    """Make something with the file system held still; return it, and why it wasn't, or nothing."""
    problem = _freeze(state)
    if problem:
        return make(), problem
    held = False
    try:
        made = make()
    finally:
        held = _thaw(state)
    late = f"starting it took longer than the {LIMIT} s that the file system may be frozen"
    return made, "" if held else late


def _freeze(state: StackState) -> str:
    """Hold the file system still; return why that can't be, or nothing."""
    try:
        frozen = state.server.run(FREEZE, limit=30)
        if frozen.ok:
            return ""
        _thaw(state)
    except WorkbenchError as error:
        return f"the server could not be asked to freeze it: {error.message}"
    return f"it could not be frozen: {frozen.stderr.strip() or 'not mounted'}"


def _thaw(state: StackState) -> bool:
    """Let the file system continue; return whether it stood still until now."""
    try:
        held = state.server.run(THAW, limit=30).ok
        state.server.run(END, limit=30)
    except WorkbenchError:
        # The server's own timer thaws it.
        return False
    return held
