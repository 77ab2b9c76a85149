"""``workbench up``: a workbench from nothing, or the one that is there brought up to date."""

from invoke.context import Context

from workbench.remote.selection import DRY_RUN_HELP
from workbench.remote.selection import FORCE_HELP
from workbench.remote.selection import STACK_HELP
from workbench.remote.selection import select_stack
from workbench.tasks.task import task


@task(
    help={
        "stack": STACK_HELP,
        "dry-run": DRY_RUN_HELP,
        "force": FORCE_HELP,
        "yes": "Don't ask before something is made on AWS.",
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
    """Make the workbench, or bring it up to date.

    Ends when it is really usable. Without --stack it is made on this computer,
    and no AWS account is needed. Run it again at any time: with nothing to
    change it changes nothing.
    """
    from workbench.errors import WorkbenchError
    from workbench.tasks.changes.apply import confirm
    from workbench.tasks.changes.apply import stack_progress
    from workbench.tasks.changes.asking import agree
    from workbench.tasks.changes.verify import show_reports
    from workbench.tasks.up.bring_up import bring_up
    from workbench.tasks.up.bring_up import set_password_command
    from workbench.tasks.up.delegation import awaits_delegation
    from workbench.tasks.up.plan import plan_up
    from workbench.tasks.up.where_to_go import print_where_to_go

    name = select_stack(stack)
    progress = stack_progress(name, "up")
    if dry_run:
        confirm(plan_up(name, progress), "workbench up", yes=yes, dry_run=True)
        return
    typed = f"workbench up --stack {name}{' --force' if force else ''}"
    outcome = bring_up(
        name,
        progress,
        agree=lambda plan: yes or agree(plan, f"{typed} --yes"),
        password_stdin=password_stdin,
        force=force,
    )
    print_where_to_go(outcome)
    if awaits_delegation(outcome.state, outcome.failed):
        raise WorkbenchError(
            "All is there but the certificate, which comes once the domain points to the server.",
            f"workbench check --stack {name}   says when it does",
        )
    if outcome.failed:
        show_reports(outcome.failed)
        raise WorkbenchError(
            f"The workbench exists, but {len(outcome.failed)} of its checks fail.",
            f"workbench doctor --stack {name}",
        )
    if outcome.refused:
        why = " ".join(f"{user}: {said}" for user, said in outcome.refused.items())
        raise WorkbenchError(
            f"The workbench is there, but not every password: {why}",
            "\n  ".join(set_password_command(name, user) for user in outcome.refused),
        )
