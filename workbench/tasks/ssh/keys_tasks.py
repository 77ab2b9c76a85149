"""``workbench ssh.keys.*``: the keys that let the administrator in over SSH."""

from contextlib import closing

from invoke.collection import Collection
from invoke.context import Context

from workbench.remote.selection import CHANGING
from workbench.remote.selection import JSON_HELP
from workbench.remote.selection import STACK_HELP
from workbench.tasks.task import task_on_workbench


@task_on_workbench(name="list", help={"stack": STACK_HELP, "json": JSON_HELP})
def list_(context: Context, stack: str | None = None, json: bool = False) -> None:
    """List the keys of the administrator's account."""
    from workbench.remote.selection import select_stack
    from workbench.remote.stack_state import read_existing
    from workbench.tasks.output import make_progress
    from workbench.tasks.output import print_json
    from workbench.tasks.ssh.keys_list import print_keys
    from workbench.tasks.ssh.keys_list import read_keys

    progress = make_progress(quiet=json)
    with closing(read_existing(select_stack(stack), progress)) as state:
        found = read_keys(state, progress)
    if json:
        print_json(found)
    else:
        print_keys(found, state.stack)


@task_on_workbench(
    positional=[],
    iterable=["public_key"],
    help={
        "public-key": "A public key file, or its text; can be given several times.",
        **CHANGING,
    },
)
def add(
    context: Context,
    public_key: list[str],
    stack: str | None = None,
    yes: bool = False,
    dry_run: bool = False,
) -> None:
    """Add a key for the administrator's account."""
    from workbench.tasks.changes.apply import working_on
    from workbench.tasks.ssh.keys import add_keys
    from workbench.tasks.users.public_keys import read_public_keys

    keys = read_public_keys(public_key)
    with working_on(stack, "ssh.keys", dry_run=dry_run, configures=True) as (state, progress):
        add_keys(state, progress, keys, yes=yes, dry_run=dry_run)


@task_on_workbench(
    help={
        "key": "Which key: its fingerprint or the beginning of that, its comment, or its file.",
        **CHANGING,
    }
)
def remove(
    context: Context,
    key: str,
    stack: str | None = None,
    yes: bool = False,
    dry_run: bool = False,
) -> None:
    """Remove a key from the administrator's account.

    Only after another key on this computer has just worked.
    """
    from workbench.tasks.changes.apply import working_on
    from workbench.tasks.ssh.keys import remove_key

    with working_on(stack, "ssh.keys", dry_run=dry_run, configures=True) as (state, progress):
        remove_key(state, progress, key, yes=yes, dry_run=dry_run)


@task_on_workbench(help=CHANGING)
def rotate(
    context: Context, stack: str | None = None, yes: bool = False, dry_run: bool = False
) -> None:
    """Replace this computer's key with a new one.

    The old one is removed after the new one has worked. After an interruption,
    run it again: it continues.
    """
    from workbench.tasks.changes.apply import working_on
    from workbench.tasks.ssh.rotation import rotate as rotate_key

    with working_on(stack, "ssh.keys", dry_run=dry_run, configures=True) as (state, progress):
        rotate_key(state, progress, yes=yes, dry_run=dry_run)


collection = Collection("keys", list_, add, remove, rotate)
