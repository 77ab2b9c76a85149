"""Shut a person out of the workbench; nothing of theirs is deleted."""

from contextlib import closing

from workbench.errors import WorkbenchError
from workbench.progress import Progress
from workbench.remote.sessions import read_activities
from workbench.remote.stack_state import StackState
from workbench.tasks.changes.apply import confirm
from workbench.tasks.command_name import as_typed
from workbench.tasks.users.change import apply
from workbench.tasks.users.change import kept
from workbench.tasks.users.change import look
from workbench.tasks.users.change import others_changed
from workbench.tasks.users.change import plan_of_removal
from workbench.tasks.users.change import print_wrapped
from workbench.tasks.users.declared_users import User
from workbench.tasks.users.declared_users import read_changeable
from workbench.tasks.users.server_users import ServerUser
from workbench.tasks.users.ways_left import GONE
from workbench.tasks.users.ways_left import plan_of_ways
from workbench.tasks.users.ways_left import require_none_left


def remove_user(
    state: StackState, progress: Progress, name: str, *, yes: bool, dry_run: bool
) -> None:
    """Take a person out of the configuration, and close their account."""
    if name == state.outputs.get("administrator"):
        raise WorkbenchError(
            f"{name} is the server's own administrator, and always stays.",
            f"workbench users.list --stack {state.stack}   lists who can be removed",
        )
    declared, there = read_changeable(state, name), look(state, progress)
    account = there.get(name)
    if name not in declared.users and _is_left(name, account, state):
        # A removal was interrupted behind the configuration: the same continues.
        user, left = User(name, administrator=bool(account and account.administrator)), declared
    elif name not in declared.users and account and account.disabled:
        if not dry_run:
            require_none_left(state, progress, name, GONE, administrator=account.sudo)
        print_wrapped([f"{name} is removed already. {kept(name, account, state)}"])
        return
    else:
        user, left = declared.find(name, state.stack), declared.without(name)
    command = f"workbench users.remove {name} --stack {state.stack}"
    running = [each for each in read_activities(state.server) if each.user == name]
    plan = plan_of_removal(user, account, left, state, running)
    plan += others_changed(name, declared, there)
    was_root = user.administrator or bool(account and account.administrator)
    plan += plan_of_ways(state, progress, name, GONE, administrator=was_root)
    if not confirm(plan, command, yes=yes, dry_run=dry_run):
        return
    now, accounts = apply(state, left, command, progress)
    with closing(now):
        closed = accounts.get(name)
        _check_closed(name, closed, state.stack)
        require_none_left(now, progress, name, GONE, administrator=was_root)
    print()
    print_wrapped([f"{name} is locked out. {kept(name, closed, now)}"])
    print("\nNext:")
    print(as_typed(f"  workbench users.add {name} --stack {state.stack}   adds them again"))


def _is_left(name: str, account: ServerUser | None, state: StackState) -> bool:
    """Whether the stack or the server still has someone whom the configuration doesn't name.

    An account that was made manually isn't the workbench's, and not to be closed by it.
    """
    if name in state.target().users:
        return True
    if account is None or account.member or account.administrator:
        return account is not None
    return account.processes > 0 if account.disabled else any(key.declared for key in account.keys)


def _check_closed(name: str, account: ServerUser | None, stack: str) -> None:
    if account and (not account.disabled or account.member or account.administrator):
        raise WorkbenchError(
            f"{name} is out of the configuration, but the account on the server is still active.",
            f"workbench doctor --stack {stack}",
        )
    if account and account.processes:
        raise WorkbenchError(
            f"{name} is locked out, but {account.processes} of their processes didn't end.",
            f"sudo ps -u {name}   (on the server) shows them\n"
            f"  workbench restart --stack {stack}   ends them",
        )
