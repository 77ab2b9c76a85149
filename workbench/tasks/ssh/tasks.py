"""``workbench ssh.*``: OpenSSH's way into the workbench, and who may use it."""

from invoke.collection import Collection
from invoke.context import Context

from workbench.remote.selection import DRY_RUN_HELP
from workbench.remote.selection import JSON_HELP
from workbench.remote.selection import STACK_HELP
from workbench.remote.selection import YES_HELP
from workbench.tasks.ssh.keys_tasks import collection as keys
from workbench.tasks.task import task_on_workbench

ALIAS = "workbench"
USER_HELP = "Whose account (default: the administrator's)."


@task_on_workbench(
    help={
        "alias": f"What to type after ssh (default: {ALIAS}).",
        "user": USER_HELP,
        "remove": "Remove the alias; with the last one, everything that was written.",
        "dry-run": DRY_RUN_HELP,
        "stack": STACK_HELP,
    }
)
def config(
    context: Context,
    alias: str = ALIAS,
    user: str | None = None,
    remove: bool = False,
    dry_run: bool = False,
    stack: str | None = None,
) -> None:
    """Make `ssh workbench` work, with pinned host keys.

    Also for scp, sftp, rsync, VS Code and Positron. Writes a separate file in
    ~/.ssh/workbench.d, and one line in ~/.ssh/config. Run it again if the
    server's address has changed.
    """
    from workbench.tasks.ssh.config import remove_alias
    from workbench.tasks.ssh.config import write_alias

    if remove:
        remove_alias(alias, dry_run=dry_run)
    else:
        write_alias(alias, stack, user, dry_run=dry_run)


@task_on_workbench(
    positional=["command"],
    help={
        "command": "What to run there, in quotes; without it, a shell.",
        "user": USER_HELP,
        "stack": STACK_HELP,
    },
)
def connect(
    context: Context, command: str, user: str | None = None, stack: str | None = None
) -> None:
    """Open a shell on the server, or run a command there.

    Uses OpenSSH, with pinned host keys. Exits with the command's status.
    """
    from workbench.tasks.ssh.connect import connect as connect_to

    connect_to(stack, user, command)


@task_on_workbench(
    positional=["service"],
    help={
        "service": "A service that people open in a browser, or any port of the server.",
        "port": "The port on this computer (default: the same, or a free one).",
        "stack": STACK_HELP,
    },
)
def tunnel(
    context: Context, service: str, port: str | None = None, stack: str | None = None
) -> None:
    """Reach a service on the server through a local port.

    Uses SSH, with pinned host keys, until Ctrl-C. For when port 443 is closed to
    you.
    """
    from workbench.tasks.ssh.tunnel import tunnel as hold_tunnel

    hold_tunnel(service, stack, port)


@task_on_workbench(
    name="allow",
    help={
        "address": "An address or a range (default: this computer's own address).",
        "remove": "Remove the address again.",
        "list": "List who may use SSH, without changing anything.",
        "json": JSON_HELP,
        "stack": STACK_HELP,
        "yes": YES_HELP,
        "dry-run": DRY_RUN_HELP,
    },
)
def allow(
    context: Context,
    address: str | None = None,
    remove: bool = False,
    list: bool = False,  # the option's name
    json: bool = False,
    stack: str | None = None,
    yes: bool = False,
    dry_run: bool = False,
) -> None:
    """Allow SSH from this computer's address, or another.

    Changes the stack's configuration (workbench:sshFrom).
    """
    if list or json:
        from workbench.tasks.ssh.allowed import check_options
        from workbench.tasks.ssh.allowed import print_allowed

        check_options(list, changing=address is not None or remove or yes)
        print_allowed(stack, as_json=json)
        return
    from workbench.tasks.changes.apply import working_on
    from workbench.tasks.ssh.allow import allow as let_in
    from workbench.tasks.ssh.allow import disallow
    from workbench.tasks.ssh.allow import read_network

    with working_on(stack, "ssh.allow", dry_run=dry_run, configures=True) as (state, progress):
        change = disallow if remove else let_in
        change(state, progress, read_network(address, state), yes=yes, dry_run=dry_run)


collection = Collection("ssh", config, connect, tunnel, allow, keys)
