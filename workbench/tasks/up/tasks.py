"""``workbench up``: a workbench from nothing, or the one that is there brought up to date."""

from typing import TYPE_CHECKING

from invoke.context import Context

from workbench.remote.selection import DRY_RUN_HELP
from workbench.remote.selection import FORCE_HELP
from workbench.remote.selection import STACK_HELP
from workbench.remote.selection import select_stack
from workbench.tasks.task import task

if TYPE_CHECKING:
    from workbench.tasks.up.bring_up import Outcome


@task(
    help={
        "stack": STACK_HELP,
        "dry-run": DRY_RUN_HELP,
        "force": FORCE_HELP,
        "yes": "Don't ask before creating something on AWS.",
        "password-stdin": "Read the one user's password from standard input (AWS).",
    }
)
def up(
    context: Context,
    stack: str | None = None,
    yes: bool = False,
    force: bool = False,
    password_stdin: bool = False,
    dry_run: bool = False,
) -> None:
    """Create the workbench, or bring it up to date.

    Finishes when the workbench is ready to use. Without --stack, it is created on
    this computer, without an AWS account. You can run it again at any time: if
    there is nothing to change, it changes nothing.
    """
    from workbench.tasks.changes.apply import confirm
    from workbench.tasks.changes.apply import stack_progress
    from workbench.tasks.changes.asking import agree
    from workbench.tasks.up.bring_up import bring_up
    from workbench.tasks.up.plan import plan_up
    from workbench.tasks.up.where_to_go import print_where_to_go

    name = select_stack(stack)
    progress = stack_progress(name, "up")
    if dry_run:
        confirm(plan_up(name, progress), "workbench up", yes=yes, dry_run=True)
        return
    typed = f"workbench up --stack {name}{' --force' if force else ''}"
    outcomes = bring_up(
        name,
        progress,
        agree=lambda plan: yes or agree(plan, f"{typed} --yes"),
        password_stdin=password_stdin,
        force=force,
    )
    for outcome in outcomes:
        print_where_to_go(outcome)
    for outcome in outcomes:
        _require_complete(outcome)


def _require_complete(outcome: "Outcome") -> None:
    """Raise where a workbench is there, but not all of it."""
    from workbench.errors import WorkbenchError
    from workbench.tasks.changes.verify import show_reports
    from workbench.tasks.up.bring_up import set_password_command
    from workbench.tasks.up.delegation import awaits_delegation

    state = outcome.state
    options = f"--stack {state.stack}{state.option}"
    if awaits_delegation(state, outcome.failed):
        raise WorkbenchError(
            "Everything is ready except the certificate, which comes once the domain points here.",
            f"workbench check {options}   says when it has",
        )
    if outcome.failed:
        show_reports(outcome.failed)
        which = f" {state.workbench}" if state.others else ""
        raise WorkbenchError(
            f"The workbench{which} exists, but {len(outcome.failed)} of its checks fail.",
            f"workbench doctor {options}",
        )
    if outcome.refused:
        why = " ".join(f"{user}: {said}" for user, said in outcome.refused.items())
        raise WorkbenchError(
            f"The workbench is ready, but a password is missing: {why}",
            "\n  ".join(set_password_command(state, user) for user in outcome.refused),
        )
