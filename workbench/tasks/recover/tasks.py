"""``workbench recover``: bring back a stack's state and configuration."""

from invoke.context import Context

from workbench.remote.selection import CHANGING
from workbench.remote.selection import select_stack
from workbench.tasks.task import task


@task(
    help={
        "new-passphrase": "If the passphrase is lost: continue with a new one.",
        **CHANGING,
    }
)
def recover(
    context: Context,
    stack: str | None = None,
    new_passphrase: bool = False,
    yes: bool = False,
    dry_run: bool = False,
) -> None:
    """Restore a stack's damaged or lost state and files.

    From the copy that each up saves on this computer and in the workbench's
    bucket. Nothing in AWS is changed, and the damaged files are kept.
    """
    from contextlib import closing

    from workbench.tasks.changes.apply import stack_progress
    from workbench.tasks.recover.recovering import recover as bring_back

    name = select_stack(stack)
    with closing(stack_progress(name, "recover")) as progress:
        bring_back(name, progress, new_passphrase=new_passphrase, yes=yes, dry_run=dry_run)
