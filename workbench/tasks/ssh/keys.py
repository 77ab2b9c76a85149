"""The administrator's public keys: added and taken out, through the stack, proved by signing in."""

from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from workbench.configured import FURTHER_KEYS
from workbench.configured import PUBLIC_KEY
from workbench.errors import WorkbenchError
from workbench.progress import Progress
from workbench.remote.converging import converge_server
from workbench.remote.private_key import find_private_key
from workbench.remote.ssh_target import PrivateKey
from workbench.remote.stack_state import StackState
from workbench.remote.stack_state import read_stack
from workbench.tasks.changes.apply import confirm
from workbench.tasks.changes.apply import interruptible
from workbench.tasks.changes.list_changes import change_lists
from workbench.tasks.command_name import as_typed
from workbench.tasks.power.start_lines import start_lines
from workbench.tasks.ssh.keys_list import in_block
from workbench.tasks.ssh.keys_list import keys_in
from workbench.tasks.ssh.keys_list import read_lines
from workbench.tasks.users.public_keys import described
from workbench.tasks.users.public_keys import find_keys
from workbench.tasks.users.public_keys import fingerprint

if TYPE_CHECKING:
    from workbench.engine.stack_config import Value

# What EC2 takes as a key pair, and so the first of the keys has to be.
_KEY_PAIR = ("ssh-ed25519 ", "ssh-rsa ")
LIST = "workbench ssh.keys.list"


def add_keys(
    state: StackState, progress: Progress, keys: Sequence[str], *, yes: bool, dry_run: bool
) -> None:
    """Let further keys sign in as the administrator."""
    command = f"workbench ssh.keys.add --public-key FILE --stack {state.stack}"
    if not keys:
        raise WorkbenchError("No key was given.", command)
    declared = declared_keys(state)
    had = {fingerprint(key) for key in declared}
    new = [key for key in keys if fingerprint(key) not in had]
    plan = [f"The administrator ({state.door().user}) may sign in with:"]
    plan += [f"  {described(key)}" for key in keys]
    if not new:
        plan.append("The configuration already has that; the server is updated to match.")
    plan += start_lines(state)
    if not confirm(plan, command, yes=yes, dry_run=dry_run):
        return
    apply(state, as_config([*declared, *new], state.stack), command, progress).close()
    _say_end(f"The administrator has {len(declared) + len(new)} keys.", state.stack)


def remove_key(
    state: StackState, progress: Progress, wanted: str, *, yes: bool, dry_run: bool
) -> None:
    """Take a key from the administrator, once another one has been seen to work."""
    declared = declared_keys(state)
    found = find_keys(declared, wanted)
    is_left_over = not found
    if is_left_over:
        # Out of the configuration, but not off the server: an interrupted removal continues.
        found = find_keys(_left_over(state, declared, progress), wanted)
    if len(found) != 1:
        many = f"{len(found)} of the administrator's keys fit" if found else "No key fits"
        raise WorkbenchError(
            f"{many} what you gave.", f"{LIST} --stack {state.stack}   shows each fingerprint"
        )
    left = [key for key in declared if key != found[0]]
    with progress.phase("Sign in with another key"):
        used = prove_other(state, left)
    plan = ["The administrator can no longer sign in with:", f"  {described(found[0])}"]
    plan.append(f"Another key has just worked: {used.path}")
    if is_left_over:
        plan.append("It is no longer in the configuration; the server is updated to match.")
    command = f"workbench ssh.keys.remove {fingerprint(found[0])} --stack {state.stack}"
    if not confirm(plan, command, yes=yes, dry_run=dry_run):
        return
    values = {} if is_left_over else as_config(left, state.stack)
    apply(state, values, command, progress).close()
    _say_end(f"That key no longer works; {len(left)} left.", state.stack)


def _left_over(state: StackState, declared: Sequence[str], progress: Progress) -> list[str]:
    """Return the keys that the recipe put on the server, and that are no longer declared."""
    lines = read_lines(state, progress)
    if lines is None:
        raise WorkbenchError(
            "No such key is in the configuration, and whether the server still takes one can't be"
            " told: it doesn't answer.",
            f"workbench doctor --stack {state.stack}",
        )
    there = keys_in(in_block(lines))
    known = set(map(fingerprint, declared))
    return [key for mark, key in there.items() if mark not in known]


def declared_keys(state: StackState) -> list[str]:
    """Return the administrator's keys as the configuration has them."""
    keys = state.configured.all_administrator_keys
    if not keys:
        raise WorkbenchError(
            f"The stack {state.stack} has no {PUBLIC_KEY} in its configuration: its keys are in its"
            " program.",
            f"Change them there, or make the program read {PUBLIC_KEY} and {FURTHER_KEYS}",
        )
    return keys


def as_config(keys: Sequence[str], stack: str) -> dict[str, "Value"]:
    """Return the configuration with these keys; one that EC2 takes is the first."""
    first = next((key for key in keys if key.startswith(_KEY_PAIR)), None)
    if first is None:
        raise WorkbenchError(
            "EC2 only accepts ed25519 and RSA keys, and one of the keys has to be one of these.",
            f"workbench ssh.keys.rotate --stack {stack}   makes one",
        )
    return {PUBLIC_KEY: first, FURTHER_KEYS: [key for key in keys if key != first] or None}


def prove_other(state: StackState, left: Sequence[str]) -> PrivateKey:
    """Sign in with one of the keys that are left; raise where none does, or none is here."""
    if not left:
        raise WorkbenchError(
            "That is the administrator's only key, and without one nobody can sign in.",
            f"workbench ssh.keys.rotate --stack {state.stack}   replaces it",
        )
    key = find_private_key(*left, folders=state.key_folders)
    if not any(key.key.get_base64() in each.split() for each in left):
        raise WorkbenchError(
            f"{key.path} is the key to be removed, and no other on this computer has been seen to"
            " work.",
            f"WORKBENCH_SSH_KEY=/path/to/another/key; {LIST} --stack {state.stack}",
        )
    replace(state.door(), key=key).enter().close()
    return key


def apply(
    state: StackState, values: "Mapping[str, Value]", command: str, progress: Progress
) -> StackState:
    """Change the configuration, and bring stack and server to it; return the state then."""
    state.close()
    what_exists = "the change may already be in the configuration, but not on the server yet"
    with interruptible(what_exists, f"{command}   continues"):
        change_lists(state, values, command, progress)
        now = read_stack(state.stack, progress)
        converge_server(now, progress)
        return now


def _say_end(what: str, stack: str) -> None:
    print(f"\n{what}")
    print(as_typed(f"\nNext:\n  {LIST} --stack {stack}"))
