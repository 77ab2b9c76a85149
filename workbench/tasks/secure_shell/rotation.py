"""Put a new key in the place of this computer's: proved to work before the old one goes.

What is done is read from the configuration and the key files each time, so a rotation that was
cut off goes on where it was.
"""

import json
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.errors import WorkbenchError
from workbench.progress import Progress
from workbench.tasks.changing import confirm
from workbench.tasks.command_name import as_typed
from workbench.tasks.people.declared_users import KEY as USERS
from workbench.tasks.people.public_keys import described
from workbench.tasks.people.public_keys import fingerprint
from workbench.tasks.secure_shell.config import follow
from workbench.tasks.secure_shell.folder import ssh_folder
from workbench.tasks.secure_shell.key_changes import apply
from workbench.tasks.secure_shell.key_changes import as_config
from workbench.tasks.secure_shell.key_changes import declared_keys
from workbench.tasks.secure_shell.key_files import make_key_pair
from workbench.tasks.secure_shell.key_files import move_key_pair
from workbench.tasks.secure_shell.key_files import public_half
from workbench.tasks.server.connection import PrivateKey
from workbench.tasks.server.connection import RefusedError
from workbench.tasks.server.private_key import REHEARSAL_KEY
from workbench.tasks.server.private_key import VARIABLE
from workbench.tasks.server.private_key import find_private_key
from workbench.tasks.server.private_key import read_private_key
from workbench.tasks.stack_state import StackState

if TYPE_CHECKING:
    from workbench.engine.stack_config import Value


@dataclass(frozen=True)
class Rotation:
    """The new key, where it is while it isn't the only one, and where it is to be.

    ``old`` is the key it replaces, None where that is out of the configuration already.
    """

    new: str
    path: Path
    target: Path
    old: str | None
    old_path: Path | None


def rotate(state: StackState, progress: Progress, *, yes: bool, dry_run: bool) -> None:
    """Replace this computer's key of the administrator."""
    if os.environ.get(VARIABLE):
        raise WorkbenchError(
            f"${VARIABLE} names one key to use, and a rotation uses two.",
            f"unset {VARIABLE}   with that key in ~/.ssh, its public half beside it",
        )
    command = f"workbench ssh.keys.rotate --stack {state.stack}"
    target, waiting = _places(state)
    keys = declared_keys(state)
    plan = _plan(state, keys, waiting)
    if not confirm(plan, command, yes=yes, dry_run=dry_run):
        return
    new = make_key_pair(waiting, f"workbench-{state.stack}-{time.strftime('%Y-%m-%d')}")
    rotation = _rotation(state, keys, new, waiting, target)
    if rotation.old is not None and fingerprint(new) not in map(fingerprint, keys):
        state = apply(state, as_config([*keys, new]), command, progress)
    if rotation.old is not None:
        state = _drop_old(state, rotation, rotation.old, command, progress)
    else:
        state = apply(state, as_config(keys), command, progress)
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


def _plan(state: StackState, keys: Sequence[str], waiting: Path) -> list[str]:
    if public_half(waiting).exists():
        return ["Go on with the rotation that was begun:", f"  new key: {waiting}"]
    old = _old_key(state, keys, "")
    if old is None:
        raise WorkbenchError(
            "None of the administrator's keys is on this computer, so none can be replaced.",
            f"workbench ssh.keys.list --stack {state.stack}",
        )
    return [
        "Make a new key, put it on the server, sign in with it, and then take out:",
        f"  {described(old[0])}",
        f"  {old[1].path}",
    ]


def _rotation(
    state: StackState, keys: Sequence[str], new: str, waiting: Path, target: Path
) -> Rotation:
    old = _old_key(state, keys, new)
    return Rotation(new, waiting, target, *((old[0], old[1].path) if old else (None, None)))


def _old_key(state: StackState, keys: Sequence[str], new: str) -> tuple[str, PrivateKey] | None:
    """Return the key this computer has of those in the configuration, but the new one."""
    others = [key for key in keys if not new or fingerprint(key) != fingerprint(new)]
    try:
        found = find_private_key(*others, folders=state.key_folders) if others else None
    except WorkbenchError:
        return None
    if found is None:
        return None
    return next(key for key in others if found.key.get_base64() in key.split()), found


def _drop_old(
    state: StackState, rotation: Rotation, old_key: str, command: str, progress: Progress
) -> StackState:
    """Sign in with the new key, and take the old one out of the configuration and the server."""
    with progress.phase("Sign in with the new key"):
        new = read_private_key(rotation.path, rotation.new)
        old = state.door().key
        replace(state.door(), key=new).enter().close()
    keys = [
        rotation.new if key == old_key else key
        for key in declared_keys(state)
        if fingerprint(key) != fingerprint(rotation.new)
    ]
    values = as_config(keys) | _users_with(state, old_key, rotation.new)
    state = apply(state, values, command, progress)
    with progress.phase("See that the old key is refused"):
        _require_refused(state, old)
    return state


def _users_with(state: StackState, old: str, new: str) -> "dict[str, Value]":
    """Return the people's keys with the new one where someone had the old one."""
    text = state.config.get(USERS)
    if text is None:
        return {}
    users = json.loads(text)
    for user in users:
        given = user.get("publicKeys") or []
        if any(fingerprint(key) == fingerprint(old) for key in given):
            user["publicKeys"] = [
                new if fingerprint(key) == fingerprint(old) else key for key in given
            ]
    return {USERS: users}


def _require_refused(state: StackState, old: PrivateKey) -> None:
    try:
        replace(state.door(), key=old).open().close()
    except RefusedError:
        return
    raise WorkbenchError(
        f"The new key works, but {old.path} still opens the server: someone put it into"
        " ~/.ssh/authorized_keys there by hand.",
        f"workbench ssh.keys.list --stack {state.stack}",
    )


def _finish(state: StackState, rotation: Rotation, progress: Progress) -> None:
    move_key_pair(rotation.path, rotation.target)
    state.close()
    changed = follow(state)
    print(f"\nThe new key works, and is the only one of this computer: {rotation.target}")
    if rotation.old_path is not None and rotation.old_path != rotation.target:
        print(f"The old one opens this workbench no more: {rotation.old_path}")
    for alias in changed:
        print(f"The alias {alias} uses it.")
    print(as_typed(f"\nNext:\n  workbench ssh.keys.list --stack {state.stack}"))
