"""Change who has an account: plan it, agree to it, configuration, Pulumi, server, password."""

import textwrap
from collections.abc import Mapping
from collections.abc import Sequence

from workbench.checks.target import Server
from workbench.configured import USERS
from workbench.errors import WorkbenchError
from workbench.progress import Progress
from workbench.remote import passwords
from workbench.remote.converging import converge_server
from workbench.remote.sessions import Activity
from workbench.remote.stack_state import StackState
from workbench.remote.stack_state import read_stack
from workbench.tasks.changes.apply import interruptible
from workbench.tasks.changes.list_changes import change_lists
from workbench.tasks.users.declared_users import DeclaredUsers
from workbench.tasks.users.declared_users import User
from workbench.tasks.users.declared_users import read_declared
from workbench.tasks.users.declared_users import read_people
from workbench.tasks.users.public_keys import described
from workbench.tasks.users.server_users import ServerUser
from workbench.tasks.users.server_users import read_server_users
from workbench.tasks.users.users_list import differences

WIDTH = 79


def look(state: StackState, progress: Progress) -> dict[str, ServerUser]:
    """Return everyone's account on the server as it is now."""
    with progress.phase("Accounts on the server"):
        return read_server_users(state.server, state.stack)


def apply(
    state: StackState, wanted: DeclaredUsers, command: str, progress: Progress
) -> tuple[StackState, dict[str, ServerUser]]:
    """Declare the people, and bring the server to it; return both as they are then.

    People who are declared already are applied: an earlier change may have got no further.
    """
    state.close()
    values = {} if wanted == read_declared(state) else {USERS: wanted.as_config()}
    what_exists = "the change may already be in the configuration, but not on the server yet"
    with interruptible(what_exists, f"{command}   continues"):
        change_lists(state, values, command, progress)
        now = read_stack(state.stack, progress)
        converge_server(now, progress)
        return now, look(now, progress)


def made(accounts: Mapping[str, ServerUser], name: str, stack: str) -> ServerUser:
    """Return the account that a person has now; raise WorkbenchError where there is none."""
    if name in accounts:
        return accounts[name]
    raise WorkbenchError(
        f"{name} is in the configuration, and the server's recipe ended well, but there is no"
        f" account {name}: the program of the stack {stack} doesn't seem to read {USERS}.",
        f"workbench users.list --stack {stack}",
    )


def others_changed(
    name: str, declared: DeclaredUsers, accounts: Mapping[str, ServerUser]
) -> list[str]:
    """Return what a plan says of other people than ``name``, whom the recipe changes, too."""
    found = {
        other: differences(declared.users.get(other), accounts.get(other))
        for other in sorted({*declared.users, *accounts} - {name})
    }
    return [
        line
        for other, what in found.items()
        if what
        for line in _wrapped(
            f"{other} on the server: {', '.join(what)}. That becomes as configured, too."
        )
    ]


def plan_of(user: User, account: ServerUser | None, declared: DeclaredUsers) -> list[str]:
    """Return what adding a person would do, in lines."""
    rights = "may use sudo" if user.administrator else "isn't an administrator"
    lines = _wrapped(f"{user.name} gets one account for SSH, JupyterHub and RStudio, and {rights}.")
    lines += [f"  key {described(key)}" for key in user.public_keys] or [
        "  no key: JupyterHub and RStudio by password, no SSH"
    ]
    if account:
        lines += _wrapped(
            f"{user.name} was here before: uid {account.uid} and {account.home} are theirs again."
        )
    return lines + declared.written_out()


def plan_of_removal(
    user: User,
    account: ServerUser | None,
    left: DeclaredUsers,
    state: StackState,
    running: Sequence[Activity],
) -> list[str]:
    """Return what taking a person out would do, in lines; ``running`` is what they have open."""
    lines = _wrapped(
        f"{user.name} can no longer sign in: account expired, password locked, keys off, no"
        " sudo, no JupyterHub, no RStudio."
    )
    if running:
        lines += ["Their running programs end:", *(f"  {each}" for each in running)]
    lines += _wrapped(kept(user.name, account, state))
    return lines + last_administrator(user, left, state)


def kept(name: str, account: ServerUser | None, state: StackState) -> str:
    """Say what of a person stays, and where."""
    if account is None:
        return f"{name} has no account on the server yet."
    volume = state.outputs.get("data_volume_id")
    on = f" on the data volume {volume}" if volume else ""
    return f"Kept: {account.home}{on}, and uid {account.uid}."


def last_administrator(user: User, left: DeclaredUsers, state: StackState) -> list[str]:
    """Return what to say when the last of the people who may use sudo goes."""
    if not user.administrator or any(other.administrator for other in left.users.values()):
        return []
    return _wrapped(
        f"Nobody {'else of the people ' if left.users else ''}is an administrator then, but the"
        f" server's own account {state.outputs.get('administrator', 'ubuntu')}, which the stack's"
        " key opens."
    )


def hand_over(state: StackState, name: str, account: ServerUser, given: str | None) -> str:
    """See that a new person has a password; return where it is, or how to set one."""
    path = passwords.password_path(state.password_folder, name)
    if given is not None:
        set_given(state, name, given)
        return "as it was typed"
    if account.password:
        return f"cat {path}" if path.exists() else "unchanged"
    if state.rehearsal is not None:
        return f"cat {passwords.make_password(state.password_folder, state.server, name)}"
    return f"none yet: workbench users.password {name} --stack {state.stack}"


def ask_first(server: Server, name: str, command: str, *, from_stdin: bool) -> str | None:
    """Return the password given now, before anything is changed; None for none."""
    try:
        password = passwords.ask_password(name, from_stdin=from_stdin)
        if password is not None:
            passwords.check_password(server, name, password)
        return password
    except passwords.PasswordError as error:
        hint = error.hint or f"{command} < FILE"
        raise WorkbenchError(f"{error.message} Nothing was changed.", hint) from error


def set_given(state: StackState, name: str, password: str) -> None:
    """Set a password that a person chose; a rehearsal keeps it, too, for its own checks."""
    passwords.set_password(state.server, name, password)
    if state.rehearsal is not None:
        passwords.keep_password(state.password_folder, name, password)


def check_name(name: str, state: StackState) -> None:
    """Refuse a name that can't be a person's account."""
    # Imports Pulumi.
    from workbench.components.users import check_users

    if name == state.outputs.get("administrator"):
        raise WorkbenchError(
            f"{name} is the server's own administrator, which the stack's key opens.",
            "Choose another name for a person",
        )
    check_users([{"name": name}], "users")


def _wrapped(sentence: str) -> list[str]:
    return textwrap.wrap(sentence, WIDTH, break_long_words=False, break_on_hyphens=False)


def print_wrapped(sentences: Sequence[str]) -> None:
    """Print sentences, each broken between words."""
    for sentence in sentences:
        print("\n".join(_wrapped(sentence)))


def change_password(state: StackState, progress: Progress, name: str, *, from_stdin: bool) -> None:
    """Ask for a password, or read it, and set it."""
    read_people(state).find(name, state.stack)
    account = look(state, progress).get(name)
    if account is None or account.disabled:
        raise WorkbenchError(
            f"{name} has no active account on the server yet.",
            f"workbench up --stack {state.stack}",
        )
    command = f"workbench users.password {name} --password-stdin --stack {state.stack}"
    password = ask_first(state.server, name, command, from_stdin=from_stdin)
    if password is None:
        raise WorkbenchError(
            "There is no terminal to ask for the password on.", f"{command} < FILE"
        )
    set_given(state, name, password)
    print(f"{name} has a new password, for JupyterHub and RStudio.")
    if url := state.url("jupyter_url"):
        print(f"  {url}")
