"""The stages of a replacement, each through the stack's configuration, each to be done again."""

import time
from collections.abc import Iterable
from dataclasses import dataclass
from dataclasses import field

from workbench.configured import NEXT_TYPE
from workbench.configured import PREVIOUS_TYPE
from workbench.errors import WorkbenchError
from workbench.progress import Progress
from workbench.remote.converging import converge_server
from workbench.remote.host_keys import Keys
from workbench.remote.selection import find_project
from workbench.remote.ssh_target import UnreachableError
from workbench.remote.stack_state import StackState
from workbench.remote.stack_state import read_stack
from workbench.tasks.changes.apply import change_configuration
from workbench.tasks.changes.guard import Change
from workbench.tasks.changes.note import NoteFile
from workbench.tasks.changes.stack_lock import when_free
from workbench.tasks.changes.usable import wait_usable
from workbench.tasks.changes.verify import failing
from workbench.tasks.resize.next_server import KNOWN_HOSTS
from workbench.tasks.resize.next_server import make_ready
from workbench.tasks.resize.replacement import FIRST
from workbench.tasks.resize.replacement import SECOND
from workbench.tasks.resize.replacement import Replacement
from workbench.tasks.resize.replacement import Values
from workbench.tasks.resize.replacement import read_replacement

_INSTANCE = "aws:ec2/instance:Instance"
# How Pulumi's names of the instances end.
ENDINGS = {FIRST: "-server-instance", SECOND: "-server-2-instance"}
MOUNTED = "mountpoint -q /data"


class CheckFailedError(WorkbenchError):
    """The server that should serve now doesn't pass its checks."""


@dataclass(frozen=True)
class Note:
    """The server that served before: its instance, its host keys, and which checks it failed.

    Written before two servers change places; all that it costs to lose it is comfort. Its keys, as
    its console may no longer show them when it serves again. Its failures, as what isn't the new
    server's fault is no reason to go back.
    """

    instance_id: str
    keys: Keys = ()
    failing: list[str] = field(default_factory=list)


def _from_json(instance_id: str, keys: Iterable[tuple[str, str]], failing: list[str]) -> Note:
    return Note(instance_id, tuple((kind, key) for kind, key in keys), failing)


NOTE = NoteFile("replace.json", _from_json)


def replacement_of(state: StackState) -> Replacement:
    """Return how far the replacement has come."""
    return read_replacement(state.configured, str(state.outputs.get("instance_type") or ""))


def is_begun(state: StackState, progress: Progress) -> bool:
    """Return whether there are two servers, by what is known or by the configuration of now."""
    states = (state, read_stack(state.stack, progress))
    return any(replacement_of(each).other_type is not None for each in states)


def is_left_over(state: StackState, progress: Progress) -> bool:
    """Return whether Pulumi still knows a server that is no longer in the configuration."""
    from workbench.engine.stacks import open_stack

    resources = open_stack(state.stack, find_project(), progress).state().resources
    names = [each.name for each in resources if each.type == _INSTANCE]
    return all(any(name.endswith(end) for name in names) for end in ENDINGS.values())


def build(state: StackState, target: str, progress: Progress) -> StackState:
    """Build the next server, and wait until it is ready; the one that serves keeps serving."""
    state = _change(state, replacement_of(state).building(target), progress)
    make_ready(state, progress)
    return state


def switch(state: StackState, progress: Progress) -> StackState:
    """Move volume and address to the next server; where that was done, see that it's complete."""
    now = replacement_of(state)
    if now.previous_type:
        return _change(state, {NEXT_TYPE: None}, progress)
    return _change(state, now.switched(), progress)


def switch_back(state: StackState, progress: Progress) -> StackState:
    """Move volume and address back to the server that had them before."""
    now, note = replacement_of(state), NOTE.read(state)
    values: Values = now.switched() if now.previous_type else {PREVIOUS_TYPE: None}
    state = _change(state, values, progress)
    known_hosts = state.door().known_hosts
    instance = str(state.outputs["instance_id"])
    if note and note.instance_id == instance and note.keys and not known_hosts.read(instance):
        known_hosts.write(instance, note.keys)
    return state


def check(state: StackState, progress: Progress) -> float:
    """Converge the server that has the volume now, and check it; return when people could use it.

    That is by the clock of ``time.monotonic``. Raises CheckFailedError.
    """
    note = NOTE.read(state)
    known = note.failing if note else []
    try:
        converge_server(state, progress)
        if not _has_volume(state):
            # What it did was begun before the volume was there.
            converge_server(state, progress)
        wait_usable(state.target(), progress)
        usable = time.monotonic()
        failed = failing(state.target(), progress, known=known)
    except WorkbenchError as error:
        raise CheckFailedError(error.message, error.hint) from error
    finally:
        state.close()
    if failed:
        told = "\n".join(f"    {report.name}: {report.evidence}" for report in failed)
        instance = state.outputs["instance_id"]
        raise CheckFailedError(f"Of the checks of {instance} these fail:\n{told}")
    return usable


def _has_volume(state: StackState) -> bool:
    """Whether the server has the volume mounted, as far as it can be asked."""
    try:
        return state.server.run(MOUNTED).ok
    except UnreachableError:
        # One more converge waits for SSH; that it is away for a moment is no reason to go back.
        return False


def end(state: StackState, progress: Progress) -> StackState:
    """Take away the server that doesn't serve."""
    now = replacement_of(state)
    gone = ENDINGS[FIRST if now.current == SECOND else SECOND]
    state = _change(state, now.ended(), progress, ending=gone)
    # There is one server again, and the settings say so.
    converge_server(state, progress)
    state.close()
    NOTE.remove(state)
    (state.folder / "ssh" / KNOWN_HOSTS).unlink(missing_ok=True)
    return state


def note_before(state: StackState, progress: Progress) -> None:
    """Note what the server that serves is like, before it doesn't."""
    if replacement_of(state).previous_type:
        return
    instance = str(state.outputs["instance_id"])
    known = [report.name for report in failing(state.target(), progress)]
    state.close()
    keys = state.door().known_hosts.read(instance)
    NOTE.write(state, Note(instance, keys, known))


def _change(
    state: StackState, values: Values, progress: Progress, *, ending: str = ""
) -> StackState:
    """Set values and let Pulumi apply them, once the engine of a killed command has ended.

    ``ending`` is how the name of the instance ends that may go with it.
    """
    change = Change.REPLACE_END if ending else Change.REPLACE
    when_free(lambda: change_configuration(state, values, progress, change, ending=ending))
    return read_stack(state.stack, progress)
