"""How to type this program's name here: a hint that can't be pasted is none."""

import os
import re
import shlex
import shutil
import sys
from functools import cache
from pathlib import Path

from workbench.remote.workbenches import named_by_option

NAME = "workbench"
# They are about a whole stack, with all its workbenches; the labs and rehearsals have none.
ON_STACK = ("up", "init", "destroy", "env", "recover", "labs", "rehearsal")
_ON_WORKBENCH = re.compile(
    rf"(?m)(?:^\s*|\$\(|→ ){NAME} (?!(?:{'|'.join(ON_STACK)})\b)[a-z][^\n]*? --stack [^\s);,]+"
    r"(?=$|[\s);,])(?! --workbench)"
)


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

    A command stands at the beginning of a line or after ``$(``, or after an arrow. Where the
    running task was told which workbench it is about, so are they.
    """
    if workbench := named_by_option():
        option = f"--workbench {shlex.quote(workbench)}"
        text = _ON_WORKBENCH.sub(lambda command: f"{command[0]} {option}", text)
    return re.sub(rf"(?m)(^\s*|\$\(|→ ){NAME} (?=[a-z-])", rf"\g<1>{command_name()} ", text)
