"""``workbench rehearsal.*``: the cloud on this computer."""

from pathlib import Path

from invoke.collection import Collection
from invoke.context import Context

from workbench.errors import WorkbenchError
from workbench.remote.selection import DRY_RUN_HELP
from workbench.remote.selection import JSON_HELP
from workbench.remote.selection import YES_HELP
from workbench.remote.selection import find_project
from workbench.remote.selection import select_rehearsal
from workbench.tasks.task import task

NAME_HELP = "Name of the rehearsal (default: the one of the current stack)."


@task(help={"name": NAME_HELP})
def start(context: Context, name: str | None = None) -> None:
    """Start the cloud on this computer.

    AWS API, DNS, certificate authority, machines.
    """
    from workbench.rehearsal.names import stack_name
    from workbench.tasks.changes.apply import ensure_rehearsal
    from workbench.tasks.changes.apply import stack_progress
    from workbench.tasks.command_name import as_typed

    name = select_rehearsal(name)
    stack = stack_name(name)
    described = ensure_rehearsal(stack, stack_progress(stack, "rehearsal"))
    if described is not None:
        print(f"The rehearsal {name!r} runs; its AWS API answers at {described.api_url}")
        print(as_typed(f"  workbench up --stack {stack}"))


@task(help={"name": NAME_HELP})
def stop(context: Context, name: str | None = None) -> None:
    """Stop the cloud on this computer, keeping its data."""
    from workbench.rehearsal import control
    from workbench.tasks.command_name import as_typed
    from workbench.tasks.output import make_progress

    name = select_rehearsal(name)
    control.stop(name, make_progress(quiet=False))
    print(f"The rehearsal {name!r} is stopped.")
    print(as_typed(f"  workbench rehearsal.start --name {name}   continues it"))


@task(help={"name": NAME_HELP, "json": JSON_HELP})
def status(context: Context, name: str | None = None, json: bool = False) -> None:
    """Show what is running of the cloud on this computer."""
    from workbench.rehearsal import control
    from workbench.tasks.rehearsal.status import print_status

    print_status(control.status(select_rehearsal(name)), as_json=json)


@task(help={"name": NAME_HELP, "stack": "Your own stack, to run in it."})
def config(context: Context, name: str | None = None, stack: str | None = None) -> None:
    """Run your own Pulumi project in a rehearsal.

    Run it in the project's folder. Creates the rehearsal's stack in the project,
    with a configuration that creates its AWS resources here. With --stack, uses
    your own stack, in a rehearsal with the project's name or the one in --name.
    """
    from workbench.rehearsal.names import stack_name
    from workbench.tasks.changes.apply import ensure_rehearsal
    from workbench.tasks.changes.apply import stack_progress
    from workbench.tasks.command_name import as_typed
    from workbench.tasks.rehearsal.configuration import configure_project
    from workbench.tasks.rehearsal.configuration import take_own_stack

    project = find_project()
    name = select_rehearsal(name) if stack is None else take_own_stack(stack, name, project)
    stack = stack_name(name)
    progress = stack_progress(stack, "rehearsal")
    described = ensure_rehearsal(stack, progress)
    if described is not None:
        path = configure_project(described, project, progress)
        print(f"The project in {project} has the stack {stack}, configured in {path.name}.")
        print(as_typed(f'  eval "$(workbench env --stack {stack})" && pulumi up'))


@task(help={"name": NAME_HELP, "yes": YES_HELP, "dry-run": DRY_RUN_HELP})
def reset(
    context: Context, name: str | None = None, yes: bool = False, dry_run: bool = False
) -> None:
    """Remove the cloud on this computer and all data in it."""
    from workbench.rehearsal import control
    from workbench.tasks.changes.apply import confirm

    name = select_rehearsal(name)
    plan = [f"This removes the rehearsal {name!r}, its server and ALL DATA in it."]
    if not confirm(plan, f"workbench rehearsal.reset --name {name}", yes=yes, dry_run=dry_run):
        return
    # Which one it is can't be told afterwards.
    generated = _own_configuration(name)
    control.reset(name)
    if generated is not None:
        generated.unlink(missing_ok=True)
    print(f"Nothing is left of the rehearsal {name!r}.")


def _own_configuration(name: str) -> Path | None:
    """Return the file that was generated for a rehearsal's stack; None where there is none here.

    A file of that name in another project sends its calls to another API.
    """
    from workbench.engine.stack_config import config_file
    from workbench.rehearsal.description import read_description
    from workbench.rehearsal.description import rehearsal_dir
    from workbench.rehearsal.names import OWN_STACK
    from workbench.rehearsal.names import stack_name

    if (rehearsal_dir(name) / OWN_STACK).is_file():
        return None  # a person's own, with what else they configured
    described = read_description(name)
    try:
        path = config_file(stack_name(name), find_project())
        words = path.read_text(encoding="utf-8").split()
    except (WorkbenchError, OSError):
        return None
    return path if described is not None and described.api_url in words else None


collection = Collection("rehearsal", start, stop, status, config, reset)
