"""Make a person an administrator, or no longer one."""

from contextlib import closing
from dataclasses import replace

from workbench.progress import Progress
from workbench.remote.stack_state import StackState
from workbench.tasks.changes.apply import confirm
from workbench.tasks.command_name import as_typed
from workbench.tasks.users.change import apply
from workbench.tasks.users.change import last_administrator
from workbench.tasks.users.change import look
from workbench.tasks.users.change import others_changed
from workbench.tasks.users.declared_users import read_changeable
from workbench.tasks.users.ways_left import MEMBER
from workbench.tasks.users.ways_left import plan_of_ways
from workbench.tasks.users.ways_left import require_none_left


def set_administrator(
    state: StackState,
    progress: Progress,
    name: str,
    administrator: bool,
    *,
    yes: bool,
    dry_run: bool,
) -> None:
    """Let a person use sudo and the hub's admin page, or no longer."""
    declared = read_changeable(state, name)
    user = declared.find(name, state.stack)
    there = look(state, progress)
    account = there.get(name)
    is_so = account is not None and account.administrator is administrator
    if is_so and not administrator and not user.administrator and not dry_run:
        # Whoever may not be root: is it so?
        require_none_left(state, progress, name, MEMBER, administrator=False)
    if user.administrator is administrator and is_so:
        print(f"{name} is {_rank(administrator)} already. Nothing was changed.")
        return
    wanted = declared.with_user(replace(user, administrator=administrator))
    plan = [f"{name} becomes {_rank(administrator)}."]
    if not administrator:
        plan += last_administrator(user, wanted, state)
        if account and account.processes:
            plan.append(f"Programs that {name} is running with sudo rights end.")
        plan += plan_of_ways(state, progress, name, MEMBER, administrator=True)
    plan += others_changed(name, declared, there)
    verb = "promote" if administrator else "demote"
    command = f"workbench users.{verb} {name} --stack {state.stack}"
    if not confirm([*plan, *declared.written_out()], command, yes=yes, dry_run=dry_run):
        return
    now, _ = apply(state, wanted, command, progress)
    with closing(now):
        if not administrator:
            require_none_left(now, progress, name, MEMBER, administrator=True)
    since = ", from the next sign-in on" if administrator else ""
    print(f"\n{name} is {_rank(administrator)}{since}.")
    print(as_typed(f"\nNext:\n  workbench users.list --stack {state.stack}"))


def _rank(administrator: bool) -> str:
    return "an administrator" if administrator else "no administrator"
