"""Which stack a task is about, and where this computer keeps what belongs to it."""

import os
from pathlib import Path

from workbench.errors import WorkbenchError
from workbench.rehearsal.description import Description
from workbench.rehearsal.description import read_description
from workbench.rehearsal.description import rehearsal_dir
from workbench.rehearsal.names import DEFAULT
from workbench.rehearsal.names import STACK
from workbench.rehearsal.names import check_name
from workbench.rehearsal.names import rehearsal_of

VARIABLE = "WORKBENCH_STACK"
PROJECT_FILE = "Pulumi.yaml"
STACK_HELP = f"Stack to work on (default: ${VARIABLE}, else {STACK!r}, on this computer)."
JSON_HELP = "Print JSON, for scripts."
YES_HELP = "Don't ask."
FORCE_HELP = "Do it even if someone is working on it; their programs end."
DRY_RUN_HELP = "Show what would be done, without doing it."
# The options of every task that changes something.
CHANGING = {"stack": STACK_HELP, "yes": YES_HELP, "dry-run": DRY_RUN_HELP}


def select_stack(flag: str | None) -> str:
    """Return the stack's name: the option, else the environment's, else the rehearsal's."""
    return flag or os.environ.get(VARIABLE) or STACK


def select_rehearsal(flag: str | None) -> str:
    """Return the rehearsal's name: the option, else the one of the stack worked on.

    Raises ConfigError for a name that can't be one.
    """
    return check_name(flag) if flag else rehearsal_of(select_stack(None)) or DEFAULT


def find_project() -> Path:
    """Return the folder of the Pulumi project: the one around here, else this package's own."""
    here = Path.cwd()
    for folder in (here, *here.parents, Path(__file__).parents[2]):
        if (folder / PROJECT_FILE).is_file():
            return folder
    raise WorkbenchError(
        f"There is no Pulumi project here: no {PROJECT_FILE} in {here} or above it.",
        "cd to your checkout, and try again",
    )


def stack_folder(stack: str) -> Path:
    """Return where this computer keeps what belongs to the stack: passwords, known host keys.

    For a rehearsal's stack that is the rehearsal's own folder, so that a reset takes all.
    """
    from workbench.engine.project import kept_dir

    rehearsal = rehearsal_of(stack)
    if rehearsal:
        return rehearsal_dir(rehearsal)
    try:
        project = find_project()
    except WorkbenchError:
        # The labs need none.
        project = None
    return kept_dir(stack, project)


def running_rehearsal(stack: str) -> Description | None:
    """Return the description of the stack's rehearsal if it runs; None on AWS, too."""
    rehearsal = rehearsal_of(stack)
    description = read_description(rehearsal) if rehearsal else None
    return description if description and description.alive else None
