"""The way into the server for OpenSSH: the administrator's, or a person's own."""

from dataclasses import replace

from workbench.errors import WorkbenchError
from workbench.progress import Progress
from workbench.remote.private_key import find_private_key
from workbench.remote.ssh_target import Door
from workbench.remote.stack_state import StackState
from workbench.tasks.users.declared_users import read_declared


def door_of(state: StackState, user: str | None) -> Door:
    """Return the way in for a user; the administrator's where none is named."""
    door = state.door()
    if user is None or user == door.user:
        return door
    people = state.target().users
    if user not in people:
        raise WorkbenchError(
            f"{user} is the wrong user: the workbench has the accounts"
            f" {', '.join([door.user, *people])}.",
            f"workbench users.add {user} --public-key FILE --stack {state.stack}",
        )
    keys = read_declared(state).find(user, state.stack).public_keys
    if not keys:
        raise WorkbenchError(
            f"{user} has no public key in the configuration, so no SSH.",
            f"workbench users.keys.add {user} --public-key FILE --stack {state.stack}",
        )
    return replace(door, user=user, key=find_private_key(*keys, folders=state.key_folders))


def pin_host_keys(door: Door, progress: Progress) -> None:
    """Have the server's host keys pinned; the console is only read where they aren't."""
    if not door.known_hosts.read(door.instance_id):
        with progress.phase("Host keys") as phase:
            door.pin(waiting=lambda: phase.tick("reading the console"))
