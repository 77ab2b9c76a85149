"""How to type this program's name here: a hint that can't be pasted is none."""

import os
import re
import shutil
import sys
from functools import cache
from pathlib import Path

NAME = "workbench"


@cache
def command_name() -> str:
    """Return ``workbench`` where the shell finds it, else the path it was called by."""
    called = Path(sys.argv[0]).absolute()
    if shutil.which(NAME) or called.name != NAME or not os.access(called, os.X_OK):
        return NAME
    here = Path.cwd()
    return str(called.relative_to(here)) if called.is_relative_to(here) else str(called)


def as_typed(text: str) -> str:
    """Put the name as it is typed here into the commands of a text.

    A command stands at the beginning of a line or after ``$(``, or after an arrow.
    """
    return re.sub(rf"(?m)(^\s*|\$\(|→ ){NAME} (?=[a-z-])", rf"\g<1>{command_name()} ", text)
