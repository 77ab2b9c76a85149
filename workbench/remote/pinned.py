"""For a team's own fabfile: a Fabric connection to a workbench, its host keys pinned."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from workbench.progress import Progress
from workbench.remote.selection import select_stack
from workbench.remote.stack_state import read_stack
from workbench.remote.workbenches import naming

if TYPE_CHECKING:
    from workbench.remote.ssh_target import PinnedConnection


@contextmanager
def pinned_connection(
    stack: str | None = None, workbench: str | None = None
) -> Iterator["PinnedConnection"]:
    """Give a Fabric connection to a workbench's server, as its administrator.

    The server's host keys are those its console printed, where Fabric takes any; the key is
    the one that fits the stack. ``stack`` is by default the one that tasks work on, ``workbench``
    the only one in it. Raises WorkbenchError where the server can't be reached.
    """
    with naming(workbench):
        state = read_stack(select_stack(stack), Progress(quiet=True))
    try:
        yield state.server.connection
    finally:
        state.close()
