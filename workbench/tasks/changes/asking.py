"""Ask before something that can't be undone, or costs money."""

import sys

from workbench.errors import WorkbenchError
from workbench.folding import fold_to_terminal


def agree(what: str, scripted: str) -> bool:
    """Return whether the person says yes to ``what``.

    ``scripted`` is what to type where there is no terminal to ask at.
    """
    # None where standard input is closed.
    if sys.stdin is None or not sys.stdin.isatty():
        raise WorkbenchError(f"{what} There is no terminal to ask you on.", scripted)
    sys.stderr.write(f"{fold_to_terminal(what)}\nContinue? [y/N] ")
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower() in ("y", "yes")
