"""Let the engine of a command that was killed end, before the stack is changed again."""

from collections.abc import Callable
from typing import TypeVar

from tenacity import Retrying
from tenacity import retry_if_exception_type
from tenacity import stop_after_delay
from tenacity import wait_fixed

from workbench.engine.failures import StackLockedError

# An engine whose parent was killed ends at its next line of output, and holds its lock until then.
LIMIT = 60.0
INTERVAL = 1.0

Result = TypeVar("Result")


def when_free(work: Callable[[], Result]) -> Result:
    """Return what ``work`` does once no other update holds the stack.

    Raises StackLockedError when one holds it for longer than ``LIMIT`` seconds.
    """
    attempts = Retrying(
        retry=retry_if_exception_type(StackLockedError),
        stop=stop_after_delay(LIMIT),
        wait=wait_fixed(INTERVAL),
        reraise=True,
    )
    return attempts(work)
