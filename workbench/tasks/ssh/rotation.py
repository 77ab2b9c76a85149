"""Put a new key in the place of this computer's: proved to work before the old one goes.

What is done is read from the configuration, the key files and the note of the old key each time,
so a rotation that was interrupted continues where it was.
"""

import os
import time
from dataclasses import dataclass
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.configured import USERS
from workbench.errors import WorkbenchError
from workbench.progress import Progress
from workbench.remote.key_folder import ssh_folder
from workbench.remote.private_key import REHEARSAL_KEY
from workbench.remote.private_key import VARIABLE
from workbench.remote.private_key import read_private_key
from workbench.remote.ssh_target import Door
from workbench.remote.ssh_target import PrivateKey
from workbench.remote.ssh_target import RefusedError
from workbench.remote.ssh_target import UnreachableError
from workbench.remote.stack_state import StackState
from workbench.tasks.changes.apply import confirm
from workbench.tasks.command_name import as_typed
from workbench.tasks.power.start_lines import start_lines
from workbench.tasks.ssh.config import follow
from workbench.tasks.ssh.key_files import make_key_pair
from workbench.tasks.ssh.key_files import move_key_pair
from workbench.tasks.ssh.key_files import public_half
from workbench.tasks.ssh.keys import apply
from workbench.tasks.ssh.keys import as_config
from workbench.tasks.ssh.keys import declared_keys
from workbench.tasks.ssh.old_key import choose_old
from workbench.tasks.ssh.old_key import forget_old
from workbench.tasks.ssh.old_key import note_old
from workbench.tasks.ssh.old_key import private_half
from workbench.tasks.ssh.old_key import read_noted
from workbench.tasks.users.declared_users import read_declared
from workbench.tasks.users.public_keys import described
from workbench.tasks.users.public_keys import fingerprint
from workbench.waiting import wait_for

if TYPE_CHECKING:
    from workbench.engine.stack_config import Value

# How long a server that says neither yes nor no to the old key is asked again.
REFUSAL_LIMIT = 60.0
INTERVAL = 1.0


@dataclass(frozen=True)
class Rotation:
    """The new key, where it is while it isn't the only one, and where it is to be.

    ``old`` is the key it replaces, None where that is out of the configuration already;
    ``old_private`` its private half, None where this computer doesn't have it any more.
    """

    new: str
    path: Path
    target: Path
    old: str | None
    old_private: PrivateKey | None


def rotate(state: StackState, progress: Progress, *, yes: bool, dry_run: bool) -> None:
    """Replace this computer's key of the administrator."""
    if os.environ.get(VARIABLE):
        raise WorkbenchError(
            f"${VARIABLE} names one key to use, and a rotation uses two.",
            f"unset {VARIABLE}   with that key in ~/.ssh, its public half alongside it",
        )
    command = f"workbench ssh.keys.rotate --stack {state.stack}"
    target, waiting = _places(state)
    keys = declared_keys(state)
    mark = read_noted(waiting) or choose_old(state, keys, waiting)
    old = next((key for key in keys if fingerprint(key) == mark), None)
    private = private_half(state, old) if old else None
    plan = _plan(waiting, mark, old, private) + start_lines(state)
    if not confirm(plan, command, yes=yes, dry_run=dry_run):
        return
    note_old(waiting, mark)
    new = make_key_pair(waiting, f"workbench-{state.stack}-{time.strftime('%Y-%m-%d')}")
    rotation = Rotation(new, waiting, target, old, private)
    if fingerprint(new) not in map(fingerprint, keys):
        keys = [*keys, new]
    # Also where it is in there already: a rotation that was interrupted may have got no further.
    state = apply(state, as_config(keys, state.stack), command, progress)
    state = _take_over(state, rotation, command, progress)
    _finish(state, rotation, progress)


def _places(state: StackState) -> tuple[Path, Path]:
    """Return where the key is to be, and where it waits meanwhile."""
    if state.rehearsal is not None:
        target = state.folder / REHEARSAL_KEY
        return target, target.with_name(f"{target.name}.next")
    name = f"workbench-{state.stack.replace('/', '_')}"
    folder = ssh_folder()
    day = f"{name}-{time.strftime('%Y%m%d')}"
    free = (folder / (f"{day}-{number}" if number else day) for number in range(1000))
    return next(path for path in free if not path.exists()), folder / f"{name}.next"


def _plan(waiting: Path, mark: str, old: str | None, private: PrivateKey | None) -> list[str]:
    plan = ["Create a new key, put it on the server, sign in with it, and then remove:"]
    if public_half(waiting).exists():
        plan = ["Continue the rotation that was started:", f"  new key: {waiting}"]
        is_out = "The old key is already out of the configuration:"
        plan.append("Sign in with it, and then remove:" if old else is_out)
    plan.append(f"  {described(old) if old else mark}")
    return [*plan, f"  {private.path}"] if private else plan


def _take_over(
    state: StackState, rotation: Rotation, command: str, progress: Progress
) -> StackState:
    """Sign in with the new key, and take the old one out of the configuration and the server."""
    with progress.phase("Sign in with the new key"):
        new = read_private_key(rotation.path, rotation.new)
        replace(state.door(), key=new).enter().close()
    if rotation.old is None:
        return state
    keys = [
        rotation.new if key == rotation.old else key
        for key in declared_keys(state)
        if fingerprint(key) != fingerprint(rotation.new)
    ]
    values = as_config(keys, state.stack) | _users_with(state, rotation.old, rotation.new)
    state = apply(state, values, command, progress)
    if rotation.old_private is not None:
        with progress.phase("See that the old key is refused"):
            _require_refused(state, rotation.old_private)
    return state


def _users_with(state: StackState, old: str, new: str) -> "dict[str, Value]":
    """Return the people's keys with the new one where someone had the old one."""
    if state.configured.users is None:
        return {}
    declared = read_declared(state)
    for user in declared.users.values():
        keys = [new if fingerprint(key) == fingerprint(old) else key for key in user.public_keys]
        declared = declared.with_user(replace(user, public_keys=tuple(keys)))
    return {USERS: declared.as_config()}


def _require_refused(state: StackState, old: PrivateKey) -> None:
    if _is_refused(replace(state.door(), key=old)):
        return
    raise WorkbenchError(
        f"The new key works, but {old.path} still opens the server: someone put it into"
        " ~/.ssh/authorized_keys there manually.",
        f"workbench ssh.keys.list --stack {state.stack}",
    )


def _is_refused(door: Door) -> bool:
    """Whether the server refuses the key; a sign-in that is interrupted is no answer."""

    def ask() -> str:
        try:
            door.open().close()
        except RefusedError:
            return "refused"
        return "let in"

    return wait_for(ask, REFUSAL_LIMIT, INTERVAL, again=UnreachableError) == "refused"


def _finish(state: StackState, rotation: Rotation, progress: Progress) -> None:
    move_key_pair(rotation.path, rotation.target)
    forget_old(rotation.path)
    state.close()
    changed = follow(state)
    print(f"\nThe new key works, and is the only one of this computer: {rotation.target}")
    old = rotation.old_private
    if old is not None and old.path != rotation.target:
        print(f"The old key no longer works: {old.path}")
    for alias in changed:
        print(f"The alias {alias} uses it.")
    print(as_typed(f"\nNext:\n  workbench ssh.keys.list --stack {state.stack}"))
