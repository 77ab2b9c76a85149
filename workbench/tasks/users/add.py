"""Give a person an account."""

import sys

from workbench.errors import WorkbenchError
from workbench.progress import Progress
from workbench.remote.stack_state import SSH_PORT
from workbench.remote.stack_state import StackState
from workbench.tasks.changes.apply import confirm
from workbench.tasks.command_name import as_typed
from workbench.tasks.output import make_console
from workbench.tasks.output import print_facts
from workbench.tasks.users.capacity import too_many_here
from workbench.tasks.users.change import apply
from workbench.tasks.users.change import ask_first
from workbench.tasks.users.change import check_name
from workbench.tasks.users.change import hand_over
from workbench.tasks.users.change import look
from workbench.tasks.users.change import made
from workbench.tasks.users.change import others_changed
from workbench.tasks.users.change import plan_of
from workbench.tasks.users.declared_users import DeclaredUsers
from workbench.tasks.users.declared_users import User
from workbench.tasks.users.declared_users import read_changeable
from workbench.tasks.users.server_users import ServerUser
from workbench.tasks.users.server_users import is_taken


def add_user(
    state: StackState,
    progress: Progress,
    user: User,
    command: str,
    *,
    password_stdin: bool,
    yes: bool,
    dry_run: bool,
) -> None:
    """Declare a person, make their account, and hand over a password.

    ``command`` is what was typed.
    """
    declared = read_changeable(state, user.name)
    check_name(user.name, state)
    there = look(state, progress)
    account = there.get(user.name)
    user = _checked(user, declared, account, state)
    command = f"{command} --stack {state.stack}"
    plan = plan_of(user, account, declared) + others_changed(user.name, declared, there)
    plan += too_many_here(len(declared.users.keys() | {user.name}), state)
    if not confirm(plan, command, yes=yes, dry_run=dry_run):
        return
    given = _ask(state, user.name, account, command, from_stdin=password_stdin)
    now, accounts = apply(state, declared.with_user(user), command, progress)
    try:
        account = made(accounts, user.name, state.stack)
        _print_added(now, user, account, hand_over(now, user.name, account, given))
    finally:
        now.close()


def _checked(
    user: User, declared: DeclaredUsers, account: ServerUser | None, state: StackState
) -> User:
    """Return whom to declare; refuse who is there already, and a name that a package has."""
    whom = f"{user.name} --stack {state.stack}"
    known = declared.users.get(user.name)
    is_open = account is not None and account.member and not account.disabled
    # In a rehearsal everyone gets a password: who has none was interrupted in the middle.
    if known and account and is_open and (account.password or state.rehearsal is None):
        raise WorkbenchError(
            f"{user.name} is already a user of the stack {state.stack}.",
            f"workbench users.keys.add {whom} --public-key FILE   gives them another key\n"
            f"  workbench users.promote {whom}   makes them an administrator\n"
            f"  workbench users.password {whom}   sets their password",
        )
    if account is None and is_taken(state.server, user.name):
        raise WorkbenchError(
            f"{user.name} is an account or a group of the server's system.",
            "Choose another name for the person",
        )
    if known and (user.public_keys or user.administrator) and user != known:
        raise WorkbenchError(
            f"{user.name} is already in the configuration, with other keys or rights.",
            f"workbench users.add {user.name} --stack {state.stack}   continues with them",
        )
    # An earlier attempt got this far.
    return known or user


def _ask(
    state: StackState, name: str, account: ServerUser | None, command: str, *, from_stdin: bool
) -> str | None:
    """Return the password given now; None for none, or where there is one."""
    is_made = state.rehearsal is not None or (account is not None and account.password)
    if not from_stdin and is_made:
        return None
    return ask_first(state.server, name, command, from_stdin=from_stdin)


def _ssh(state: StackState, name: str) -> str:
    where = state.target().where
    host = where.ip if state.rehearsal else state.outputs.get("domain") or where.ip
    port = f" -p {where.port(SSH_PORT)}" if where.port(SSH_PORT) != SSH_PORT else ""
    return f"ssh{port} {name}@{host}"


def _print_added(state: StackState, user: User, account: ServerUser, told: str) -> None:
    print(f"\n{user.name} has an account.\n")
    sys.stdout.flush()
    console = make_console()
    print_facts(
        [
            *((each.title, state.url(each.url)) for each in state.services),
            ("User", user.name),
            ("Password", told),
            ("SSH", _ssh(state, user.name) if account.keys else "no key"),
            ("Administrator", "yes" if account.administrator else "no"),
            ("Home", account.home),
        ],
        console,
    )
    print("\nNext:")
    commands = [
        (f"workbench users.list --stack {state.stack}", "everyone"),
        (f"workbench users.password {user.name} --stack {state.stack}", "another password"),
    ]
    print_facts([(as_typed(command), what) for command, what in commands], console)
