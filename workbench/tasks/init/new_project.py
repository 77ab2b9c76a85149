"""A Pulumi project of your own, where the package was installed without its repository."""

from pathlib import Path

from workbench.engine.project import NEW
from workbench.errors import WorkbenchError
from workbench.remote.selection import PROJECT_FILE

PROGRAM_FILE = "__main__.py"

PROJECT = f"""\
name: {NEW}
description: A DIY data science workbench on one AWS server
runtime:
  name: python
"""

# The same as stacks/lab of the repository; a test compares them.
PROGRAM = '''\
"""The book's server: one workbench, as the stack's configuration describes it."""

import pulumi

from workbench import Workbench
from workbench import read_configuration
from workbench import read_name

workbench = Workbench(read_name(), read_configuration())

for name, value in workbench.stack_outputs().items():
    pulumi.export(name, value)
'''


def check_folder(folder: Path) -> None:
    """Raise WorkbenchError where a project would overwrite something."""
    if (folder / PROGRAM_FILE).exists():
        raise WorkbenchError(
            f"{folder} has no {PROJECT_FILE}, but a {PROGRAM_FILE} of something else.",
            "mkdir my-workbench && cd my-workbench   and the same command again",
        )


def make_project(folder: Path) -> None:
    """Write a project whose program is one workbench; run with ``workbench``, or ``pulumi``."""
    check_folder(folder)
    (folder / PROGRAM_FILE).write_text(PROGRAM, encoding="utf-8")
    (folder / PROJECT_FILE).write_text(PROJECT, encoding="utf-8")
