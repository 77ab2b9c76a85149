"""A person's public keys: given, taken, and listed."""

from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from typing import Any

from rich.console import Console

from workbench.errors import WorkbenchError
from workbench.progress import Progress
from workbench.remote.stack_state import StackState
from workbench.tasks.changes.apply import confirm
from workbench.tasks.command_name import as_typed
from workbench.tasks.output import print_rows
from workbench.tasks.power.start_lines import start_lines
from workbench.tasks.users.change import apply
from workbench.tasks.users.change import look
from workbench.tasks.users.change import made
from workbench.tasks.users.declared_users import User
from workbench.tasks.users.declared_users import read_changeable
from workbench.tasks.users.declared_users import read_declared
from workbench.tasks.users.public_keys import comment
from workbench.tasks.users.public_keys import described
from workbench.tasks.users.public_keys import find_keys
from workbench.tasks.users.public_keys import find_marks
from workbench.tasks.users.public_keys import fingerprint
from workbench.tasks.users.ways_left import plan_of_key
from workbench.tasks.users.ways_left import require_key_gone
from workbench.terminal import escape_name


def add_keys(
    state: StackState,
    progress: Progress,
    name: str,
    keys: tuple[str, ...],
    *,
    yes: bool,
    dry_run: bool,
) -> None:
    """Declare further keys of a person, and have the server take them."""
    user = read_changeable(state, name).find(name, state.stack)
    if not keys:
        raise WorkbenchError(
            "No key was given.",
            f"workbench users.keys.add {name} --public-key FILE --stack {state.stack}",
        )
    had = {fingerprint(key) for key in user.public_keys}
    new = tuple(key for key in keys if fingerprint(key) not in had)
    plan = [f"{name} may sign in by SSH with:", *(f"  {described(key)}" for key in keys)]
    if not new:
        plan.append("The configuration already has that; the server is updated to match.")
    wanted = replace(user, public_keys=(*user.public_keys, *new))
    _change(state, progress, wanted, plan, f"add {name} --public-key …", yes=yes, dry_run=dry_run)


def remove_key(
    state: StackState, progress: Progress, name: str, key: str, *, yes: bool, dry_run: bool
) -> None:
    """Take a key of a person out of the configuration and off the server."""
    user = read_changeable(state, name).find(name, state.stack)
    found = find_keys(user.public_keys, key)
    # Out of the configuration, but not off the server: a removal was interrupted, and continues.
    told = [described(each) for each in found] or _left_over(state, progress, user, key)
    if len(told) != 1:
        many = f"{len(told)} keys" if told else "No key"
        raise WorkbenchError(
            f"{many} of {name} in the configuration fit what you gave.",
            f"workbench users.keys.list {name} --stack {state.stack}   shows each fingerprint",
        )
    left = tuple(each for each in user.public_keys if each not in found)
    plan = [f"{name} can no longer sign in by SSH with:", f"  {told[0]}"]
    if not found:
        plan.append("It is no longer in the configuration; the server is updated to match.")
    if not left:
        plan.append("No key is left: JupyterHub and RStudio by password, no SSH.")
    wanted = replace(user, public_keys=left)
    taken = [fingerprint(each) for each in found]
    _change(
        state, progress, wanted, plan, f"remove {name} {key}", yes=yes, dry_run=dry_run, taken=taken
    )


def _left_over(state: StackState, progress: Progress, user: User, wanted: str) -> list[str]:
    """Describe the keys meant that the recipe put on the server, and are no longer declared."""
    account = look(state, progress).get(user.name)
    declared = set(map(fingerprint, user.public_keys))
    left = {
        key.fingerprint: key
        for key in (account.keys if account else ())
        if key.declared and key.fingerprint not in declared
    }
    marks = find_marks({mark: key.comment for mark, key in left.items()}, wanted)
    told = {mark: f"{left[mark].type} {mark} {escape_name(left[mark].comment)}" for mark in marks}
    return [each.strip() for each in told.values()]


def _change(
    state: StackState,
    progress: Progress,
    wanted: User,
    plan: list[str],
    typed: str,
    *,
    yes: bool,
    dry_run: bool,
    taken: Sequence[str] = (),
) -> None:
    declared = read_changeable(state, wanted.name)
    command = f"workbench users.keys.{typed} --stack {state.stack}"
    plan += plan_of_key(state, progress, wanted.name, taken)
    plan = [*plan, *declared.written_out(), *start_lines(state)]
    if not confirm(plan, command, yes=yes, dry_run=dry_run):
        return
    now, accounts = apply(state, declared.with_user(wanted), command, progress)
    with closing(now):
        require_key_gone(now, progress, wanted.name, taken)
    count = len(made(accounts, wanted.name, state.stack).keys)
    print(f"\n{wanted.name} has {count} {'key' if count == 1 else 'keys'} on the server.")
    print(as_typed(f"\nNext:\n  workbench users.keys.list {wanted.name} --stack {state.stack}"))


def read_keys(state: StackState, progress: Progress, name: str) -> list[dict[str, Any]]:
    """Return a person's keys: those declared, and those on the server besides.

    ``by_recipe`` tells what the recipe put there from what the person did themselves.
    """
    user = read_declared(state).find(name, state.stack)
    account = look(state, progress).get(name)
    on_server = {key.fingerprint: key for key in account.keys} if account else {}
    declared = {fingerprint(key): key for key in user.public_keys}
    return [
        {
            "fingerprint": mark,
            "type": key.split()[0],
            "comment": comment(key),
            "declared": True,
            "by_recipe": mark in on_server and on_server[mark].declared,
            "on_server": mark in on_server,
        }
        for mark, key in declared.items()
    ] + [
        {
            "fingerprint": mark,
            "type": key.type,
            "comment": key.comment,
            "declared": False,
            "by_recipe": key.declared,
            "on_server": True,
        }
        for mark, key in on_server.items()
        if mark not in declared
    ]


def print_keys(name: str, found: list[dict[str, Any]], stack: str, console: Console) -> None:
    """Print a person's keys as a table."""
    if not found:
        print(f"{name} has no key: JupyterHub and RStudio by password, no SSH.")
        print(as_typed(f"  workbench users.keys.add {name} --public-key FILE --stack {stack}"))
        return
    rows = (
        (key["fingerprint"], escape_name(key["comment"] or key["type"]), _origin(key))
        for key in found
    )
    print_rows(("Fingerprint", "Comment", "From"), rows, console)


def _origin(key: dict[str, Any]) -> str:
    if not key["declared"]:
        return "removed, still on the server" if key["by_recipe"] else "themselves"
    return "configuration" if key["on_server"] else "configuration, not on the server yet"
