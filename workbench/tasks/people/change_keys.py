"""A person's public keys: given, taken, and listed."""

from dataclasses import replace
from typing import Any

from rich.console import Console

from workbench.errors import WorkbenchError
from workbench.progress import Progress
from workbench.tasks.changing import confirm
from workbench.tasks.command_name import as_typed
from workbench.tasks.people.change_users import apply
from workbench.tasks.people.change_users import look
from workbench.tasks.people.declared_users import User
from workbench.tasks.people.declared_users import read_declared
from workbench.tasks.people.public_keys import described
from workbench.tasks.people.public_keys import find_keys
from workbench.tasks.people.public_keys import fingerprint
from workbench.tasks.server_start import start_lines
from workbench.tasks.show import print_rows
from workbench.tasks.stack_state import StackState


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
    user = read_declared(state).find(name, state.stack)
    if not keys:
        raise WorkbenchError(
            "No key was given.",
            f"workbench users.keys.add {name} --public-key FILE --stack {state.stack}",
        )
    had = {fingerprint(key) for key in user.public_keys}
    new = tuple(key for key in keys if fingerprint(key) not in had)
    plan = [f"{name} may sign in by SSH with:", *(f"  {described(key)}" for key in keys)]
    if not new:
        plan.append("The configuration has that already; the server is brought to it.")
    wanted = replace(user, public_keys=(*user.public_keys, *new))
    _change(state, progress, wanted, plan, f"add {name} --public-key …", yes=yes, dry_run=dry_run)


def remove_key(
    state: StackState, progress: Progress, name: str, key: str, *, yes: bool, dry_run: bool
) -> None:
    """Take a key of a person out of the configuration and off the server."""
    user = read_declared(state).find(name, state.stack)
    found = find_keys(user.public_keys, key)
    if len(found) != 1:
        many = f"{len(found)} keys" if found else "No key"
        raise WorkbenchError(
            f"{many} of {name} in the configuration fit what was given.",
            f"workbench users.keys.list {name} --stack {state.stack}   shows each fingerprint",
        )
    left = tuple(each for each in user.public_keys if each != found[0])
    plan = [f"{name} can't sign in by SSH any more with:", f"  {described(found[0])}"]
    if not left:
        plan.append("No key is left: JupyterHub and RStudio by password, no SSH.")
    wanted = replace(user, public_keys=left)
    _change(state, progress, wanted, plan, f"remove {name} {key}", yes=yes, dry_run=dry_run)


def _change(
    state: StackState,
    progress: Progress,
    wanted: User,
    plan: list[str],
    typed: str,
    *,
    yes: bool,
    dry_run: bool,
) -> None:
    declared = read_declared(state)
    command = f"workbench users.keys.{typed} --stack {state.stack}"
    plan = [*plan, *declared.written_out(), *start_lines(state)]
    if not confirm(plan, command, yes=yes, dry_run=dry_run):
        return
    now, accounts = apply(state, declared.with_user(wanted), command, progress)
    now.close()
    count = len(accounts[wanted.name].keys)
    print(f"\n{wanted.name} has {count} {'key' if count == 1 else 'keys'} on the server.")
    print(as_typed(f"\nNext:\n  workbench users.keys.list {wanted.name} --stack {state.stack}"))


def read_keys(state: StackState, progress: Progress, name: str) -> list[dict[str, Any]]:
    """Return a person's keys: those declared, and those they put on the server themselves."""
    user = read_declared(state).find(name, state.stack)
    account = look(state, progress).get(name)
    on_server = {key.fingerprint: key for key in account.keys} if account else {}
    declared = {fingerprint(key): key for key in user.public_keys}
    return [
        {
            "fingerprint": mark,
            "type": key.split()[0],
            "comment": key.partition(" ")[2].partition(" ")[2].strip(),
            "declared": True,
            "on_server": mark in on_server,
        }
        for mark, key in declared.items()
    ] + [
        {
            "fingerprint": mark,
            "type": key.type,
            "comment": key.comment,
            "declared": False,
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
    rows = ((key["fingerprint"], key["comment"] or key["type"], _origin(key)) for key in found)
    print_rows(("Fingerprint", "Comment", "From"), rows, console)


def _origin(key: dict[str, Any]) -> str:
    if not key["declared"]:
        return "themselves"
    return "configuration" if key["on_server"] else "configuration, not on the server yet"
