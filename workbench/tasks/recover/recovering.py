"""Bring back a stack's state and configuration, and have Pulumi look at what AWS has now."""

import os
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from workbench.engine.copies import Copy
from workbench.engine.lost_passphrase import without_passphrase
from workbench.engine.passphrases import VARIABLES
from workbench.engine.passphrases import ensure_passphrase
from workbench.engine.passphrases import kept_passphrase
from workbench.engine.stacks import Stack
from workbench.errors import WorkbenchError
from workbench.progress import Progress
from workbench.rehearsal.names import rehearsal_of
from workbench.remote.selection import find_project
from workbench.remote.unknown import find_unknown
from workbench.tasks.changes.apply import confirm
from workbench.tasks.changes.apply import ensure_rehearsal
from workbench.tasks.command_name import as_typed
from workbench.tasks.recover.damage import DAMAGED
from workbench.tasks.recover.damage import LOST
from workbench.tasks.recover.damage import Damage
from workbench.tasks.recover.damage import find_copy
from workbench.tasks.recover.damage import find_damage
from workbench.tasks.recover.left_in_aws import find_left
from workbench.tasks.recover.left_in_aws import tell_left
from workbench.tasks.recover.left_in_aws import ways_on
from workbench.tasks.recover.set_aside import set_state_aside
from workbench.writing import put_file


def recover(
    stack: str, progress: Progress, *, new_passphrase: bool, yes: bool, dry_run: bool
) -> None:
    """Bring back what is damaged or lost; with ``new_passphrase`` under another passphrase."""
    from workbench.engine.stacks import Stack

    if not dry_run:
        ensure_rehearsal(stack, progress)
    opened = Stack(stack, find_project(), progress)
    copy = find_copy(stack)
    damage = find_damage(opened, copy)
    if not damage:
        if not new_passphrase:
            _tell_whole(stack, damage)
            return
    elif damage.passphrase and not new_passphrase:
        raise WorkbenchError(
            f"{damage.passphrase} Nothing was changed.",
            "PULUMI_CONFIG_PASSPHRASE, or the file that PULUMI_CONFIG_PASSPHRASE_FILE names, holds"
            f" it; where it is lost:\n  workbench recover --new-passphrase --stack {stack}",
        )
    source = _source(opened, damage, copy)
    command = f"workbench recover --stack {stack}{' --new-passphrase' if new_passphrase else ''}"
    lines = list(_plan(opened, damage, source, new_passphrase=new_passphrase))
    if not confirm(lines, command, yes=yes, dry_run=dry_run):
        return
    lost = _put_back(opened, damage, source, new_passphrase=new_passphrase)
    opened.refresh()
    _tell(opened, source, lost)


def _source(opened: Stack, damage: Damage, copy: Copy | None) -> Copy:
    """Return what to put back: the copy, or the stack as it is where that is whole."""
    from workbench.engine.copies import make_copy

    if not damage.state and not damage.configuration:
        return make_copy(opened.name, opened.project_dir, opened.export(), opened.config_path)
    if copy is None:
        raise _nothing_kept(opened, damage)
    if damage.state:
        return copy
    # Pulumi's own state is newer than any copy.
    return Copy(copy.project, copy.stack, copy.time, opened.export(), copy.configuration)


def _nothing_kept(opened: Stack, damage: Damage) -> WorkbenchError:
    stack, left = opened.name, find_left(opened.name)
    what = " and ".join(
        name
        for name, word in (("state", damage.state), ("configuration", damage.configuration))
        if word
    )
    told = damage.unknown.told(stack) if damage.unknown else ""
    if damage.unknown.problem:
        told = f"Can't tell what AWS has of it: {damage.unknown.problem}"
    said = [f"No copy of the stack {stack} was found.", told, tell_left(left)]
    hints = [
        f"A copy of its {what} is kept by each `workbench up`: on the computer where that was"
        " typed, and in the workbench's bucket.",
        f"With a backup that Pulumi made: pulumi stack import --file BACKUP.json --stack {stack}",
        *ways_on(stack, left, is_there=damage.state != LOST or opened.exists()),
    ]
    return WorkbenchError(" ".join(filter(None, said)), "\n  ".join(hints))


def _plan(opened: Stack, damage: Damage, source: Copy, *, new_passphrase: bool) -> Iterator[str]:
    if damage.state:
        yield f"Pulumi's state of the stack {opened.name} is {damage.state}."
        if damage.unknown:
            yield damage.unknown.told(opened.name)
        yield f"The copy of {_when(source)} is restored: {source.resources} resources."
    if damage.configuration:
        yield f"The configuration {opened.config_path.name} is {damage.configuration}."
        yield f"That of {_when(source)} is restored."
    if DAMAGED in (damage.state, damage.configuration):
        yield "The damaged files are kept alongside."
    if new_passphrase:
        stripped = without_passphrase(source)
        yield "State and configuration get a new passphrase."
        if stripped.secrets:
            yield f"These secrets are lost with the old one: {', '.join(stripped.secrets)}."
        else:
            yield "No secrets are lost: neither holds any."
    yield "Then Pulumi checks what AWS has now. Nothing in AWS is changed."


def _put_back(
    opened: Stack, damage: Damage, source: Copy, *, new_passphrase: bool
) -> tuple[str, ...]:
    """Put configuration and state back; return the secrets that are lost."""
    lost: tuple[str, ...] = ()
    path = opened.config_path
    if damage.configuration == DAMAGED:
        path.replace(_aside(path))
    if new_passphrase:
        stripped = without_passphrase(source)
        source, lost = stripped.copy, stripped.secrets
        renew_passphrase(opened.name, opened.project_dir)
    if damage.configuration or new_passphrase:
        put_file(path, source.configuration)
    if damage.state == DAMAGED:
        set_state_aside(opened, _stamp())
    if damage.state or new_passphrase:
        opened.put_back(source)
    return lost


def _tell_whole(stack: str, damage: Damage) -> None:
    print(f"State and configuration of the stack {stack} are intact: nothing to recover.")
    if damage.unknown:
        print(damage.unknown.told(stack))


def _tell(opened: Stack, source: Copy, lost: tuple[str, ...]) -> None:
    resources, stack = opened.state().resources, opened.name
    print(f"Pulumi knows the workbench of the stack {stack} again: {len(resources)} resources.")
    if unknown := find_unknown(stack, {each.id for each in resources}):
        print(unknown.told(stack))
    for key in lost:
        print(f"Lost with the old passphrase; set it again: {key}")
    print(f"Its configuration is that of {_when(source)}. Next:")
    print(as_typed(f"  workbench up --dry-run --stack {stack}   shows what up would change"))
    print(as_typed(f"  workbench up --stack {stack}"))


def _when(copy: Copy) -> str:
    return datetime.fromisoformat(copy.time).astimezone().strftime("%Y-%m-%d %H:%M")


def _aside(path: Path) -> Path:
    return path.with_name(f"{path.name}.damaged-{_stamp()}")


def _stamp() -> str:
    return time.strftime("%Y%m%d-%H%M%S")


def renew_passphrase(stack: str, project_dir: Path) -> None:
    """Have a new passphrase where this computer keeps the stack's; the old one is kept.

    One that a person gives by a variable is the new one as it is, and so is a rehearsal's, which
    is made wherever there is none.
    """
    if rehearsal_of(stack) is not None or any(name in os.environ for name in VARIABLES):
        return
    path = kept_passphrase(stack, project_dir)
    if path.exists():
        path.replace(path.with_name(f"{path.name}.old"))
    ensure_passphrase(path)
