"""Make a stack on AWS known: asked for, checked, shown, agreed to, written."""

import textwrap
from collections.abc import Mapping
from typing import TYPE_CHECKING

from workbench.configured import BACKUP_SCHEDULE
from workbench.configured import Configured
from workbench.errors import ConfigError
from workbench.errors import WorkbenchError
from workbench.remote.selection import find_project
from workbench.tasks.changes.apply import interruptible
from workbench.tasks.changes.asking import agree
from workbench.tasks.command_name import as_typed
from workbench.tasks.init.answers import Answers
from workbench.tasks.init.answers import Options
from workbench.tasks.init.answers import ask_all
from workbench.tasks.init.answers import ask_stack
from workbench.tasks.init.interview import Interview
from workbench.tasks.init.place import Place
from workbench.tasks.init.place import ask_backend
from workbench.tasks.init.place import find_place
from workbench.tasks.init.plan import changed
from workbench.tasks.init.plan import print_plan
from workbench.tasks.init.warnings import find_warnings
from workbench.tasks.output import make_progress

if TYPE_CHECKING:
    from workbench.engine.stack_config import Value

NOTHING = "nothing was written"


def init_stack(
    options: Options, backend: str | None, *, here: bool, yes: bool, dry_run: bool
) -> None:
    """Ask, check, show what would be written, and write it."""
    interview = Interview("init")
    with interruptible(NOTHING, "workbench init   starts over"):
        place, answers = _ask(interview, options, backend, here=here)
        present = place.read_config()
        print_plan(answers, place, present)
        _print_changes(place, answers, present)
        _refuse_a_move(place, answers)
        _warn(place, answers)
        if dry_run:
            print("Nothing was written: this was a dry run.")
            return
        command = f"workbench init --stack {place.stack} … --yes"
        if not yes and not agree("This writes the stack's configuration; nothing on AWS.", command):
            raise WorkbenchError("Nothing was written.")
    again = f"workbench init --stack {place.stack}"
    with interruptible("the stack's configuration isn't complete", f"{again}   continues"):
        # Made first: ssh-keygen may be left with Ctrl-C.
        key = answers.key.public_key(ask_passphrase=interview.interactive)
        stack = place.make()
        values = changed(answers.as_config(key), present)
        stack.set_config({**values, **_unasked()})
    print(f"\nWritten: {place.file}" if values else "\nThere was nothing to change.")
    _say_next(place, answers)


def _unasked() -> "dict[str, Value]":
    """Return what a stack has unless it says otherwise: snapshots, every day."""
    from workbench.components.schedule import DEFAULT_SCHEDULE
    from workbench.engine.stack_config import Default

    return {BACKUP_SCHEDULE: Default(DEFAULT_SCHEDULE)}


def _print_changes(place: Place, answers: Answers, present: Mapping[str, str]) -> None:
    if place.is_new:
        return
    keys = changed(answers.as_config(answers.key.text), present)
    print(f"Changes: {', '.join(keys) or 'none'}")


def _ask(
    interview: Interview, options: Options, backend: str | None, *, here: bool
) -> tuple[Place, Answers]:
    try:
        stack = ask_stack(interview, options.stack)
        progress = make_progress(quiet=False)
        place = find_place(stack, backend, progress, here=here)
        answers = ask_all(interview, options, stack, place.read_config(), progress)
        return ask_backend(interview, place), answers
    except EOFError as error:
        raise WorkbenchError(f"The input ended before the last question: {NOTHING}.") from error


def _refuse_a_move(place: Place, answers: Answers) -> None:
    there = place.read_config().get("aws:region")
    if there not in (None, answers.region) and place.has_resources():
        raise ConfigError(
            f"The stack {place.stack} has a workbench in {there}, and a stack can't move.",
            f"workbench init --stack ANOTHER --region {answers.region}",
        )


def _warn(place: Place, answers: Answers) -> None:
    if place.has_resources():
        return
    with place.progress.phase("Permissions, quotas, records and key"):
        found = find_warnings(answers, Configured(place.read_config()).name)
    for sentence in found:
        print(f"WARNING: {sentence}\n")


def _say_next(place: Place, answers: Answers) -> None:
    print("\nNext:")
    if find_project() != place.folder:
        print(f"  cd {place.folder}")
    print(as_typed(f"  workbench up --stack {place.stack}"))
    if answers.domain.name and not answers.domain.zone:
        what = (
            "enter the name servers it prints at the end where you bought the domain"
            if answers.domain.create_zone
            else "create the DNS records it prints at the end where the domain is managed"
        )
        print(textwrap.fill(f"Then {what}; the certificate comes after that.", 79))
