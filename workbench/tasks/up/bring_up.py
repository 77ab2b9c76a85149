"""Bring a workbench up: rehearsal, stack, server, passwords, checks, in that order."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from dataclasses import field
from dataclasses import replace
from typing import TYPE_CHECKING

from workbench.checks.check import Report
from workbench.checks.check import Result
from workbench.checks.table import CHECKS
from workbench.checks.target import Server
from workbench.configured import Configured
from workbench.engine.state import short_type
from workbench.errors import WorkbenchError
from workbench.progress import Progress
from workbench.rehearsal.description import Description
from workbench.rehearsal.names import rehearsal_of
from workbench.remote import passwords
from workbench.remote.converging import converge_server
from workbench.remote.power import PowerWatch
from workbench.remote.recipe_run import Run
from workbench.remote.selection import find_project
from workbench.remote.stack_state import StackState
from workbench.remote.stack_state import read_each
from workbench.remote.unknown import refuse_unknown
from workbench.tasks.changes.apply import ensure_rehearsal
from workbench.tasks.changes.apply import interruptible
from workbench.tasks.changes.usable import wait_usable
from workbench.tasks.changes.verify import run_on_each
from workbench.tasks.ssh.config import follow
from workbench.tasks.unfinished.refusals import explained
from workbench.tasks.unfinished.unused_volume import look_for_unused
from workbench.tasks.unfinished.unused_volume import move_unused
from workbench.tasks.unfinished.unused_volume import noting_unused
from workbench.tasks.up.delegation import say_delegation
from workbench.tasks.up.plan import look_ahead
from workbench.tasks.users.declared_users import read_people

if TYPE_CHECKING:
    from workbench.engine.stacks import Stack

# Asked before anything that costs money: gets the plan, returns the answer.
Agree = Callable[[str], bool]

MAKE_STACK = (
    "workbench init --stack {stack}   configures one on AWS;"
    " or leave --stack out, for a workbench on this computer"
)


@dataclass(frozen=True)
class Outcome:
    """A workbench that is up: its state, how the server converged, what the checks found.

    ``passwords`` says of each user where the password is, or what to type to set one;
    ``refused`` of those whose password was given and not taken, why.
    """

    state: StackState
    changes: str
    run: Run
    passwords: dict[str, str]
    reports: list[Report]
    refused: dict[str, str] = field(default_factory=dict)

    @property
    def failed(self) -> list[Report]:
        """The checks that failed."""
        return [report for report in self.reports if report.result is Result.FAIL]


def bring_up(
    stack: str, progress: Progress, *, agree: Agree, password_stdin: bool, force: bool = False
) -> list[Outcome]:
    """Make the stack's workbenches usable, and return of each what was done.

    With ``force`` also where people work on a server that stops for it.
    """
    from workbench.engine.find import ensure_engine

    if rehearsal_of(stack) is not None:
        from workbench.rehearsal.control import check_computer

        # Before an engine is downloaded or built for nothing.
        check_computer()
    ensure_engine(progress)
    if password_stdin and rehearsal_of(stack) is None:
        _refuse_many(read_each(stack, progress))
    with _up_interrupted(stack, "no part of the workbench was touched", removable=False):
        description = ensure_rehearsal(stack, progress)
    changes = _apply_stack(stack, description, progress, agree, force=force)
    states = read_each(stack, progress)
    _refuse_none(states)
    for state in states:
        say_delegation(state, progress)
    outcomes = [_make_usable(each, changes, progress, from_stdin=password_stdin) for each in states]
    with _up_interrupted(stack, "what is to be made exists, and converged"):
        reports = run_on_each([each.target() for each in states], CHECKS, progress)
    for each in states:
        each.close()
    return [replace(each, reports=found) for each, found in zip(outcomes, reports, strict=True)]


def _refuse_none(states: list[StackState]) -> None:
    """Raise where the program exports no workbench, or less of one than its server."""
    missing = [state for state in states if not state.outputs.get("instance_id")]
    if missing:
        which = f" of its workbench {missing[0].workbench}" if missing[0].workbench else ""
        raise WorkbenchError(
            f"Pulumi made what the program of the stack {missing[0].stack} declares, but the"
            f" program exports no server{which} (instance_id), so no command finds it.",
            'pulumi.export("workbenches", {"lab": lab.outputs})   at the end of the program, for a'
            " Workbench lab",
        )


def _make_usable(
    state: StackState, changes: str, progress: Progress, *, from_stdin: bool
) -> Outcome:
    """Wait until a workbench's server is one, and see that people can sign in."""
    if state.others:
        progress.say(f"The workbench {state.workbench}:")
    server_exists = f"the server {state.outputs['instance_id']} exists"
    with _up_interrupted(state.stack, f"{server_exists}, and continues on its own with its recipe"):
        run = converge_server(state, progress)
        told, refused = _hand_over_passwords(state, state.server, progress, from_stdin=from_stdin)
        for alias in follow(state):
            progress.say(f"`ssh {alias}` points there now.")
        wait_usable(state.target(), progress)
    return Outcome(state, changes, run, told, [], refused)


def _up_interrupted(
    stack: str, what_exists: str, *, removable: bool = True
) -> AbstractContextManager[None]:
    hint = f"workbench up --stack {stack}        continues"
    if removable:
        hint += f"\n  workbench destroy --stack {stack}   removes what exists"
    return interruptible(what_exists, hint)


def _apply_stack(
    stack: str,
    description: Description | None,
    progress: Progress,
    agree: Agree,
    *,
    force: bool = False,
) -> str:
    """Let Pulumi make what the program declares; return what it changed, in words."""
    from workbench.engine.stacks import StackMissingError
    from workbench.engine.stacks import open_stack

    if description is not None:
        from workbench.tasks.rehearsal.authority import certify_addresses
        from workbench.tasks.rehearsal.configuration import rehearsal_configuration

        refuse_unknown(stack, progress)
        opened = open_stack(stack, find_project(), progress, create=True)
        opened.refuse_lost_configuration()
        opened.set_config(rehearsal_configuration(description))
        if not Configured(opened.get_config()).has("domain"):
            certify_addresses(description, progress)
        unused = look_for_unused(opened, progress)
        with noting_unused(opened, unused, progress):
            _look(opened, progress)
            move_unused(opened, unused, progress, lambda plan: True)
            if _is_configured_anew(opened):
                changes = explained(opened, opened.preview, progress)
                look_ahead(stack, changes, opened.export, progress)
            return str(explained(opened, opened.up, progress))
    refuse_unknown(stack, progress)
    try:
        opened = open_stack(stack, find_project(), progress)
    except StackMissingError as error:
        raise WorkbenchError(
            f"There is no stack {stack} yet.", MAKE_STACK.format(stack=stack)
        ) from error
    unused = look_for_unused(opened, progress)
    # From here on Pulumi writes its state down, also where a person then says no.
    with noting_unused(opened, unused, progress):
        _look(opened, progress)
        move_unused(opened, unused, progress, agree)
        # Only a rehearsal is free of charge.
        changes = explained(opened, opened.preview, progress)
        plan, people = look_ahead(stack, changes, opened.export, progress)
        people.refuse_stop(f"workbench up --stack {stack} --force", force=force)
        if changes.total and not agree("\n".join(plan)):
            raise WorkbenchError("Nothing was changed.")
        return str(explained(opened, opened.up, progress))


def _is_configured_anew(opened: "Stack") -> bool:
    """Whether there is a data volume, and the configuration isn't that of the last up.

    What a rehearsal's up would change is looked at only then: it takes as long as the up itself.
    """
    from workbench.engine.copies import read_copy

    if not any(short_type(each.type) == "Volume" for each in opened.state().resources):
        return False
    copy = read_copy(opened.name, opened.project_dir)
    return copy is None or copy.configuration != opened.configuration_text


def _look(opened: "Stack", progress: Progress) -> None:
    """Have Pulumi see what was changed behind its back, so that it is reverted."""
    if not opened.state().resources:
        return
    for state in read_each(opened.name, progress) if opened.outputs() else []:
        if instance := state.outputs.get("instance_id"):
            watch = PowerWatch(state.aws("ec2"), str(instance), opened.name)
            if watch.is_ending:
                with progress.phase("End of the old server") as phase:
                    watch.await_end(phase)
    opened.refresh()


def _refuse_many(states: list[StackState]) -> None:
    """Raise where it can't be told whose the one password on standard input is."""
    users = [user for state in states for user in read_people(state).users]
    stack = states[0].stack
    if len(users) > 1:
        raise WorkbenchError(
            f"--password-stdin is for the password of one person, and the stack {stack} has"
            f" {len(users)} ({', '.join(users)}).",
            f"workbench up --stack {stack}   and then, for each of them:\n"
            f"  workbench users.password NAME --password-stdin --stack {stack}",
        )


def _hand_over_passwords(
    state: StackState, server: Server, progress: Progress, *, from_stdin: bool
) -> tuple[dict[str, str], dict[str, str]]:
    """See that every user has a password; return of each where it is or how to set one.

    And of those whose password was given and not taken, why: nothing ends for that.
    """
    told, refused = {}, {}
    for user in state.target().users:
        kept = passwords.password_path(state.password_folder, user)
        if passwords.has_password(server, user):
            told[user] = f"cat {kept}" if kept.exists() else "unchanged"
        elif state.rehearsal is not None:
            told[user] = f"cat {passwords.make_password(state.password_folder, server, user)}"
        else:
            told[user] = f"none yet: {set_password_command(state, user)}"
            try:
                if _take_password(server, user, from_stdin=from_stdin):
                    told[user] = "as it was typed"
            except passwords.PasswordError as error:
                refused[user] = error.message
                progress.say(f"{user} has no password yet: {error.message}")
    progress.log(f"passwords: {', '.join(told)}")
    return told, refused


def set_password_command(state: StackState, user: str) -> str:
    """Return what to type to give a user a password."""
    return f"workbench users.password {user} --stack {state.stack}{state.option}"


def _take_password(server: Server, user: str, *, from_stdin: bool) -> bool:
    """Set a password that is read or typed; return whether there was one."""
    password = passwords.ask_password(user, from_stdin=from_stdin)
    if password is not None:
        passwords.check_password(server, user, password)
        passwords.set_password(server, user, password)
    return password is not None
