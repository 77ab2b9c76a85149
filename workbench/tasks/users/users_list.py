"""Everyone with an account: as the configuration declares them, and as the server has them."""

from datetime import UTC
from datetime import datetime
from typing import Any

from rich.console import Console
from rich.filesize import decimal

from workbench.errors import WorkbenchError
from workbench.progress import Progress
from workbench.remote.sessions import Activity
from workbench.remote.sessions import read_activities
from workbench.remote.stack_state import StackState
from workbench.tasks.command_name import as_typed
from workbench.tasks.output import print_rows
from workbench.tasks.users.declared_users import User
from workbench.tasks.users.declared_users import read_people
from workbench.tasks.users.public_keys import fingerprint
from workbench.tasks.users.server_users import ServerUser
from workbench.tasks.users.server_users import read_server_users


def read_users(state: StackState, progress: Progress) -> dict[str, Any]:
    """Return everyone; what only the server knows is null, and ``problem`` says why.

    Of people who are in the program, what they differ in isn't known.
    """
    if not state.outputs.get("instance_id"):
        raise WorkbenchError(
            f"The stack {state.stack} has no server.", f"workbench up --stack {state.stack}"
        )
    declared, problem = read_people(state), None
    accounts: dict[str, ServerUser] = {}
    activities: list[Activity] = []
    try:
        with progress.phase("Accounts on the server"):
            accounts = read_server_users(state.server, state.stack, with_disk=True)
            activities = read_activities(state.server)
    except WorkbenchError as error:
        problem = str(error)
    names = [*declared.users, *(name for name in accounts if name not in declared.users)]
    users = [
        _entry(name, declared.users.get(name), accounts.get(name), known=problem is None)
        | {"running": _running(activities, name) if problem is None else None}
        for name in names
    ]
    if declared.in_program:
        unknown = {"declared_administrator": None, "declared_keys": None, "differs": None}
        users = [user | unknown for user in users]
    return {"stack": state.stack, "problem": problem, "users": users}


def _entry(
    name: str, user: User | None, account: ServerUser | None, *, known: bool
) -> dict[str, Any]:
    return {
        "name": name,
        "declared": user is not None,
        "declared_administrator": user.administrator if user else None,
        "declared_keys": [fingerprint(key) for key in user.public_keys] if user else [],
        "on_server": account is not None if known else None,
        "uid": account and account.uid,
        "home": account and account.home,
        "home_bytes": account and account.home_bytes,
        "administrator": account and account.administrator,
        "sudo": account and account.sudo,
        "keys": [key.fingerprint for key in account.keys] if account else None,
        "password_set": account and account.password,
        "disabled": account and account.disabled,
        "last_sign_in": account and _iso(account.last_sign_in),
        "processes": account and account.processes,
        "differs": differences(user, account) if known else None,
    }


def _running(activities: list[Activity], name: str) -> list[dict[str, Any]]:
    return [
        {"kind": each.kind, "count": each.count, "names": list(each.names)}
        for each in activities
        if each.user == name
    ]


def differences(user: User | None, account: ServerUser | None) -> list[str]:
    """Return in words what the server has otherwise than the configuration declares."""
    if user is None:
        is_open = account is not None and account.member and not account.disabled
        found = ["not declared, but active"] if is_open else []
        return found + ["may use sudo"] * bool(account and account.sudo)
    if account is None or account.disabled or not account.member:
        return ["declared, but no active account"]
    found = []
    if account.sudo and not (user.administrator or account.administrator):
        found.append("may still use sudo (workbench check says why)")
    if user.administrator is not account.administrator:
        found.append("administrator" if account.administrator else "no administrator")
    if {key.fingerprint for key in account.keys if key.declared} != {
        fingerprint(key) for key in user.public_keys
    }:
        found.append("other keys")
    return found


def print_users(found: dict[str, Any], stack: str, console: Console) -> None:
    """Print everyone as a table that fits 80 columns, and what differs below it."""
    titles = ("User", "Admin", "Keys", "Password", "Last sign-in", "Home", "Now")
    print_rows(titles, map(_row, found["users"]), console)
    differing = [user for user in found["users"] if user["differs"]]
    for user in differing:
        print(f"{user['name']} on the server: {', '.join(user['differs'])}.")
    if differing:
        print(as_typed(f"  workbench up --stack {stack}   updates the server to match"))
    if found["problem"]:
        print(f"\nShowing only the configuration: {as_typed(found['problem'])}")


def _row(user: dict[str, Any]) -> tuple[str, ...]:
    if user["on_server"] is None or not user["on_server"]:
        keys = "?" if user["declared_keys"] is None else str(len(user["declared_keys"]))
        return (user["name"], _yes(user["declared_administrator"]), keys, "?", "?", "?", "?")
    size = user["home_bytes"]
    return (
        user["name"],
        "yes" if user["administrator"] else "sudo" if user["sudo"] else "no",
        str(len(user["keys"])),
        "set" if user["password_set"] else "none",
        _here(user["last_sign_in"]),
        "large" if size is None else decimal(size),
        "disabled" if user["disabled"] else ", ".join(_kinds(user["running"])) or "-",
    )


def _kinds(running: list[dict[str, Any]]) -> list[str]:
    return [
        each["kind"] if each["count"] == 1 else f"{each['count']} {each['kind']}"
        for each in running
    ]


def _yes(value: bool | None) -> str:
    return "?" if value is None else "yes" if value else "no"


def _iso(moment: float | None) -> str | None:
    return None if moment is None else datetime.fromtimestamp(moment, UTC).isoformat("T", "seconds")


def _here(moment: str | None) -> str:
    """Return a moment in this computer's own time."""
    return f"{datetime.fromisoformat(moment).astimezone():%Y-%m-%d %H:%M}" if moment else "never"
