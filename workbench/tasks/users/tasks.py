"""``workbench users.*``: who has an account on the workbench."""

import shlex
from contextlib import closing

from invoke.collection import Collection
from invoke.context import Context

from workbench.remote.selection import CHANGING
from workbench.remote.selection import JSON_HELP
from workbench.remote.selection import STACK_HELP
from workbench.tasks.task import task_on_workbench
from workbench.tasks.users.keys_tasks import collection as keys

NAME_HELP = "The person's user name."
STDIN_HELP = "Read the password from standard input, one line."


@task_on_workbench(
    positional=["name"],
    iterable=["public_key"],
    help={
        "name": NAME_HELP,
        "public-key": "A public key file, or its text, for SSH; can be given several times.",
        "administrator": "Let them use sudo.",
        "password-stdin": STDIN_HELP,
        **CHANGING,
    },
)
def add(
    context: Context,
    name: str,
    public_key: list[str] | None = None,
    administrator: bool = False,
    password_stdin: bool = False,
    stack: str | None = None,
    yes: bool = False,
    dry_run: bool = False,
) -> None:
    """Give a person an account: SSH, JupyterHub and RStudio.

    Someone who was removed before gets their uid, home folder and password back.
    """
    from workbench.tasks.changes.apply import working_on
    from workbench.tasks.users.add import add_user
    from workbench.tasks.users.declared_users import User
    from workbench.tasks.users.public_keys import read_public_keys

    user = User(name, read_public_keys(public_key or []), administrator)
    words = ["workbench", "users.add", name]
    words += [word for key in public_key or [] for word in ("--public-key", key)]
    words += ["--administrator"] * administrator + ["--password-stdin"] * password_stdin
    with working_on(stack, "users.add", dry_run=dry_run, configures=True) as (state, progress):
        add_user(
            state,
            progress,
            user,
            shlex.join(words),
            password_stdin=password_stdin,
            yes=yes,
            dry_run=dry_run,
        )


@task_on_workbench(help={"name": NAME_HELP, **CHANGING})
def remove(
    context: Context, name: str, stack: str | None = None, yes: bool = False, dry_run: bool = False
) -> None:
    """Lock a person out, and end their programs.

    Nothing is deleted: the home folder and uid stay, and users.add restores them.
    """
    from workbench.tasks.changes.apply import working_on
    from workbench.tasks.users.remove import remove_user

    with working_on(stack, "users.remove", dry_run=dry_run, configures=True) as (state, progress):
        remove_user(state, progress, name, yes=yes, dry_run=dry_run)


@task_on_workbench(help={"name": NAME_HELP, **CHANGING})
def promote(
    context: Context, name: str, stack: str | None = None, yes: bool = False, dry_run: bool = False
) -> None:
    """Make a person an administrator.

    They may use sudo and JupyterHub's admin page.
    """
    from workbench.tasks.changes.apply import working_on
    from workbench.tasks.users.administrators import set_administrator

    with working_on(stack, "users.promote", dry_run=dry_run, configures=True) as (state, progress):
        set_administrator(state, progress, name, True, yes=yes, dry_run=dry_run)


@task_on_workbench(help={"name": NAME_HELP, **CHANGING})
def demote(
    context: Context, name: str, stack: str | None = None, yes: bool = False, dry_run: bool = False
) -> None:
    """Take away a person's administrator rights.

    Their sessions end: open ones would keep the rights.
    """
    from workbench.tasks.changes.apply import working_on
    from workbench.tasks.users.administrators import set_administrator

    with working_on(stack, "users.demote", dry_run=dry_run, configures=True) as (state, progress):
        set_administrator(state, progress, name, False, yes=yes, dry_run=dry_run)


@task_on_workbench(name="list", help={"stack": STACK_HELP, "json": JSON_HELP})
def list_(context: Context, stack: str | None = None, json: bool = False) -> None:
    """List who has an account.

    In the configuration, and on the server.
    """
    from workbench.remote.selection import select_stack
    from workbench.remote.stack_state import read_existing
    from workbench.tasks.output import make_console
    from workbench.tasks.output import make_progress
    from workbench.tasks.output import print_json
    from workbench.tasks.users.users_list import print_users
    from workbench.tasks.users.users_list import read_users

    progress = make_progress(quiet=json)
    with closing(read_existing(select_stack(stack), progress)) as state:
        found = read_users(state, progress)
    if json:
        print_json(found)
    else:
        print_users(found, state.stack, make_console())


@task_on_workbench(help={"name": NAME_HELP, "password-stdin": STDIN_HELP, "stack": STACK_HELP})
def password(
    context: Context, name: str, password_stdin: bool = False, stack: str | None = None
) -> None:
    """Set a person's password.

    Asks for it twice, or reads it from standard input; stored only on the server.
    """
    from workbench.tasks.changes.apply import working_on
    from workbench.tasks.users.change import change_password

    with working_on(stack, "users.password") as (state, progress):
        change_password(state, progress, name, from_stdin=password_stdin)


collection = Collection("users", add, remove, promote, demote, list_, password, keys)
