"""``workbench data.*``: the data volume, with homes and the server's identity on it."""

from invoke.collection import Collection
from invoke.context import Context

from workbench.remote.selection import CHANGING
from workbench.remote.selection import FORCE_HELP
from workbench.remote.selection import JSON_HELP
from workbench.remote.selection import STACK_HELP
from workbench.tasks.task import task_on_workbench


@task_on_workbench(help={"description": "A description, to find it later.", **CHANGING})
def backup(
    context: Context,
    description: str | None = None,
    stack: str | None = None,
    yes: bool = False,
    dry_run: bool = False,
) -> None:
    """Take a snapshot of the data volume now.

    The server keeps running; its file system is frozen for a second while the
    snapshot starts, so that the snapshot is consistent.
    """
    from workbench.tasks.changes.apply import working_on
    from workbench.tasks.data.backup import back_up

    with working_on(stack, "data.backup", dry_run=dry_run) as (state, progress):
        back_up(state, progress, description, yes=yes, dry_run=dry_run)


@task_on_workbench(name="list", help={"stack": STACK_HELP, "json": JSON_HELP})
def list_(context: Context, stack: str | None = None, json: bool = False) -> None:
    """Show snapshots, and volumes that were kept."""
    from workbench.remote.selection import select_stack
    from workbench.remote.stack_state import read_stack
    from workbench.tasks.data.data_list import show_data
    from workbench.tasks.output import make_progress

    progress = make_progress(quiet=json)
    show_data(read_stack(select_stack(stack), progress), progress, as_json=json)


@task_on_workbench(help={"size": "The new size in GiB, for example 40.", **CHANGING})
def grow(
    context: Context,
    size: str,
    stack: str | None = None,
    yes: bool = False,
    dry_run: bool = False,
) -> None:
    """Grow the data volume and its file system.

    Nothing is stopped or restarted. It can't be made smaller afterwards. After an
    interruption, run it again: it continues.
    """
    from workbench.tasks.changes.apply import working_on
    from workbench.tasks.data.grow import grow_volume
    from workbench.tasks.data.grow import read_size

    wanted = read_size(size)
    with working_on(stack, "data.grow", dry_run=dry_run, configures=True) as (state, progress):
        grow_volume(state, progress, wanted, yes=yes, dry_run=dry_run)


@task_on_workbench(
    positional=["snapshot"],
    help={
        "snapshot": "Which snapshot to restore (default: the newest of the current volume).",
        "force": FORCE_HELP,
        **CHANGING,
    },
)
def restore(
    context: Context,
    snapshot: str,
    stack: str | None = None,
    force: bool = False,
    yes: bool = False,
    dry_run: bool = False,
) -> None:
    """Restore a snapshot to a new data volume.

    The old volume is kept, and used again if the new one doesn't work. The server
    stops and starts. After an interruption, run it again: it continues.
    """
    from workbench.tasks.changes.apply import working_on
    from workbench.tasks.data.restore import restore as restore_snapshot

    with working_on(stack, "data.restore", dry_run=dry_run, configures=True) as (state, progress):
        restore_snapshot(state, progress, snapshot or None, force=force, yes=yes, dry_run=dry_run)


collection = Collection("data", backup, list_, restore, grow)
