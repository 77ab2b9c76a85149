"""Let the engine of a command that was killed end, before the stack is changed again."""

from collections.abc import Callable
from typing import TypeVar

from workbench.engine.failures import StackLockedError
from workbench.waiting import wait_for

# An engine whose parent was killed ends at its next line of output, and holds its lock until then.
LIMIT = 60.0
INTERVAL = 1.0

Result = TypeVar("Result")


def when_free(work: Callable[[], Result]) -> Result:
    """Return what ``work`` does once no other update holds the stack.

    Raises StackLockedError when one holds it for longer than ``LIMIT`` seconds.
    """
    # What it returns may be nothing: a list of one counts as an answer.
    return wait_for(lambda: [work()], LIMIT, INTERVAL, again=StackLockedError)[0]
