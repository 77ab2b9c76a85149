"""Write, follow and remove host aliases of workbenches."""

import sys
from pathlib import Path

from workbench.errors import WorkbenchError
from workbench.rehearsal.names import rehearsal_of
from workbench.remote.key_folder import default_folder
from workbench.remote.key_folder import ssh_folder
from workbench.remote.selection import find_project
from workbench.remote.ssh_target import Door
from workbench.remote.stack_state import StackState
from workbench.tasks.changes.apply import working_on
from workbench.tasks.command_name import as_typed
from workbench.tasks.ssh.alias import check_alias
from workbench.tasks.ssh.alias import project_of
from workbench.tasks.ssh.alias import render_alias
from workbench.tasks.ssh.alias import stack_of
from workbench.tasks.ssh.alias import user_of
from workbench.tasks.ssh.alias import workbench_of
from workbench.tasks.ssh.door import door_of
from workbench.tasks.ssh.door import pin_host_keys
from workbench.tasks.ssh.files import SshFiles


def write_alias(alias: str, stack: str | None, user: str | None, *, dry_run: bool) -> None:
    """Have the alias point to the stack's server, and try the way there."""
    check_alias(alias)
    files = SshFiles(ssh_folder())
    with working_on(stack, "ssh.config", dry_run=dry_run) as (state, progress):
        _refuse_other(files, alias, state)
        door = door_of(state, user)
        pin_host_keys(door, progress)
        text = _render(alias, state, door)
        planned = files.planned(alias, text)
        if dry_run:
            _show_plan(files, alias, text, planned)
            return
        files.write(alias, text)
        for path in planned:
            print(f"Written: {path}")
        if not planned:
            print(f"{files.file(alias)} has this already.")
        with progress.phase("Try it"):
            # Pins again where the server's keys have changed since.
            door.enter().close()
    print(as_typed(f"\nNext:\n  {client(files)} {alias}"))
    print(as_typed(f"  workbench ssh.config{option(alias)} --remove   removes it"))


def remove_alias(alias: str, *, dry_run: bool) -> None:
    """Take the alias out."""
    files = SshFiles(ssh_folder())
    had = files.read(check_alias(alias))
    if had is None:
        others = ", ".join(files.aliases())
        print(f"There is no alias {alias}." + (f" There is: {others}" if others else ""))
    elif dry_run:
        print(f"Would be removed: {files.file(alias)}")
    if dry_run:
        print("Nothing was changed: this was a dry run.")
        return
    if files.remove(alias):
        print(f"The alias {alias} is gone.")
        print(as_typed(f"\nNext:\n  {_command(alias, had or '')}   makes it again"))


def follow(state: StackState) -> list[str]:
    """Bring the workbench's aliases to where its server is now; return those that changed.

    For tasks that give a server another address, instance or key: their work is done by then,
    so what this computer refuses is said on standard error, and stops nothing.
    """
    files, changed = SshFiles(ssh_folder()), []
    for alias in files.aliases():
        had = files.read(alias) or ""
        if stack_of(had) != state.stack or _is_others(had, state):
            continue
        try:
            door = door_of(state, user_of(had) or None)
        except WorkbenchError:
            # Of someone who is no user any more: ssh.config says why.
            continue
        text = _render(alias, state, door)
        if text != had and _write_or_say(files, alias, text):
            changed.append(alias)
    return changed


def _write_or_say(files: SshFiles, alias: str, text: str) -> bool:
    try:
        files.write(alias, text)
    except (WorkbenchError, OSError) as error:
        told = f"The alias {alias} couldn't be updated: {error}"
        print(as_typed(f"{told}\n  {_command(alias, text)}   does it then"), file=sys.stderr)
        return False
    return True


def _command(alias: str, text: str) -> str:
    """Return what to type for an alias as its text has it."""
    named = {
        "--user": user_of(text),
        "--stack": stack_of(text),
        "--workbench": workbench_of(text),
    }
    options = "".join(f" {name} {value}" for name, value in named.items() if value)
    return f"workbench ssh.config{option(alias)}{options}"


def client(files: SshFiles) -> str:
    """Return how to call OpenSSH so that it reads these files."""
    return "ssh" if files.folder == default_folder() else f"ssh -F {files.config}"


def option(alias: str) -> str:
    """Return the option that names an alias, where it needs one."""
    return "" if alias == "workbench" else f" --alias {alias}"


def _show_plan(files: SshFiles, alias: str, text: str, planned: list[Path]) -> None:
    if files.file(alias) in planned:
        print(f"{files.file(alias)} would be:\n\n{text}")
    if files.config in planned:
        print(f"{files.config} would begin with:\n\n{files.include}\n")
    print("Nothing was changed: this was a dry run.")


def _render(alias: str, state: StackState, door: Door) -> str:
    return render_alias(alias, state.stack, door, _project(state.stack), state.workbench)


def _refuse_other(files: SshFiles, alias: str, state: StackState) -> None:
    text = files.read(alias) or ""
    if not _is_others(text, state):
        return
    project, workbench = project_of(text), workbench_of(text)
    raise WorkbenchError(
        f"The alias {alias} points to {f'the workbench {workbench} of ' if workbench else ''}"
        f"the stack {stack_of(text)}{f' of {project}' if project else ''} already.",
        f"workbench ssh.config --alias NAME --stack {state.stack}   uses another name\n"
        f"  workbench ssh.config{option(alias)} --remove   frees this one",
    )


def _is_others(text: str, state: StackState) -> bool:
    """Whether an alias points to another workbench; earlier versions wrote the stack alone."""
    is_here = project_of(text) in ("", _project(state.stack))
    return stack_of(text) not in ("", state.stack) or not is_here or _is_of_another(text, state)


def _is_of_another(text: str, state: StackState) -> bool:
    """Whether an alias of the stack points to another of its workbenches."""
    named = workbench_of(text)
    if not text or not state.others:
        # What is alone may have another name by now.
        return False
    return named != state.workbench if named else str(state.outputs["instance_id"]) not in text


def _project(stack: str) -> str:
    """Return the folder that tells a stack from another project's of the same name.

    A rehearsal's is the only one of its name on this computer.
    """
    return "" if rehearsal_of(stack) else str(find_project())
