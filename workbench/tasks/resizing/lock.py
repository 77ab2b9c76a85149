"""Have Pulumi look at what a resize that was killed has left, once its engine is gone, too."""

import time
from typing import TYPE_CHECKING

from workbench.engine.failures import StackLockedError

if TYPE_CHECKING:
    from workbench.engine.stacks import Stack

# An engine whose parent was killed ends at its next line of output, and holds its lock until then.
LIMIT = 60.0
INTERVAL = 1.0


def refresh_when_free(opened: "Stack", *, limit: float = LIMIT) -> None:
    """Adopt what is; wait up to ``limit`` seconds for another update to end."""
    end = time.monotonic() + limit
    while True:
        try:
            opened.refresh()
        except StackLockedError:
            if time.monotonic() > end:
                raise
            time.sleep(INTERVAL)
        else:
            return
