"""The key that a rotation replaces: chosen once, and noted alongside the new one while that waits.

Chosen again after a cut, it could be another key of this computer: one that nobody was shown.
"""

from collections.abc import Sequence
from pathlib import Path

from workbench.errors import WorkbenchError
from workbench.remote.private_key import find_private_key
from workbench.remote.ssh_target import PrivateKey
from workbench.remote.stack_state import StackState
from workbench.tasks.ssh.key_files import public_half
from workbench.tasks.ssh.own_files import make_folder
from workbench.tasks.users.public_keys import fingerprint
from workbench.writing import put_file


def read_noted(waiting: Path) -> str | None:
    """Return the fingerprint that a rotation noted, None where no new key waits."""
    note = _note(waiting)
    # The note is written first, and goes last: without a key it is of one that didn't begin.
    if not public_half(waiting).exists() or not note.exists():
        return None
    return note.read_text(encoding="ascii").strip()


def note_old(waiting: Path, mark: str) -> None:
    """Note the fingerprint of the key that the waiting one replaces."""
    make_folder(waiting.parent)
    put_file(_note(waiting), f"{mark}\n", mode=0o600)


def forget_old(waiting: Path) -> None:
    """Take the note away: the rotation has ended."""
    _note(waiting).unlink(missing_ok=True)


def choose_old(state: StackState, keys: Sequence[str], waiting: Path) -> str:
    """Return the fingerprint of the first of the keys that this computer has, but the new one."""
    half = public_half(waiting)
    new = fingerprint(half.read_text(encoding="ascii")) if half.exists() else ""
    for key in keys:
        if fingerprint(key) != new and private_half(state, key):
            return fingerprint(key)
    raise WorkbenchError(
        "This computer has none of the administrator's keys, so none can be replaced.",
        f"workbench ssh.keys.list --stack {state.stack}",
    )


def private_half(state: StackState, key: str) -> PrivateKey | None:
    """Return a key's private half, None where this computer has none that can be used."""
    try:
        return find_private_key(key, folders=state.key_folders)
    except WorkbenchError:
        return None


def _note(waiting: Path) -> Path:
    return waiting.with_name(f"{waiting.name}.replaces")
