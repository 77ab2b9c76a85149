"""``workbench users.keys.*``: the public keys that let a person in over SSH."""

from contextlib import closing

from invoke.collection import Collection
from invoke.context import Context

from workbench.remote.selection import CHANGING
from workbench.remote.selection import JSON_HELP
from workbench.remote.selection import STACK_HELP
from workbench.tasks.task import task_on_workbench

NAME_HELP = "The person's user name."


@task_on_workbench(
    positional=["name"],
    iterable=["public_key"],
    help={
        "name": NAME_HELP,
        "public-key": "A public key file, or its text; can be given several times.",
        **CHANGING,
    },
)
def add(
    context: Context,
    name: str,
    public_key: list[str] | None = None,
    stack: str | None = None,
    yes: bool = False,
    dry_run: bool = False,
) -> None:
    """Add an SSH key for a person."""
    from workbench.tasks.changes.apply import working_on
    from workbench.tasks.users.keys import add_keys
    from workbench.tasks.users.public_keys import read_public_keys

    keys = read_public_keys(public_key or [])
    with working_on(stack, "users.keys", dry_run=dry_run, configures=True) as (state, progress):
        add_keys(state, progress, name, keys, yes=yes, dry_run=dry_run)


@task_on_workbench(
    help={
        "name": NAME_HELP,
        "key": "Which key: its fingerprint or the beginning of that, its comment, or its file.",
        **CHANGING,
    }
)
def remove(
    context: Context,
    name: str,
    key: str,
    stack: str | None = None,
    yes: bool = False,
    dry_run: bool = False,
) -> None:
    """Remove a person's SSH key."""
    from workbench.tasks.changes.apply import working_on
    from workbench.tasks.users.keys import remove_key

    with working_on(stack, "users.keys", dry_run=dry_run, configures=True) as (state, progress):
        remove_key(state, progress, name, key, yes=yes, dry_run=dry_run)


@task_on_workbench(name="list", help={"name": NAME_HELP, "stack": STACK_HELP, "json": JSON_HELP})
def list_(context: Context, name: str, stack: str | None = None, json: bool = False) -> None:
    """List a person's SSH keys."""
    from workbench.remote.selection import select_stack
    from workbench.remote.stack_state import read_existing
    from workbench.tasks.output import make_console
    from workbench.tasks.output import make_progress
    from workbench.tasks.output import print_json
    from workbench.tasks.users.keys import print_keys
    from workbench.tasks.users.keys import read_keys

    progress = make_progress(quiet=json)
    with closing(read_existing(select_stack(stack), progress)) as state:
        found = read_keys(state, progress, name)
    if json:
        print_json(found)
    else:
        print_keys(name, found, state.stack, make_console())


collection = Collection("keys", add, remove, list_)
