"""See that a server that was started answers to people again."""

from workbench.checks.table import CHECKS
from workbench.progress import Progress
from workbench.remote.stack_state import StackState
from workbench.tasks.changes.usable import AWAITED
from workbench.tasks.changes.usable import wait_usable
from workbench.tasks.changes.verify import failing
from workbench.tasks.changes.verify import require_passed

# What stands in front of those that are waited for.
_BEFORE = ("stack", "instance", "security-group")


def await_services(state: StackState, progress: Progress) -> None:
    """Wait until certificate, pages and hub answer; raise with what doesn't."""
    target = state.target()
    wait_usable(target, progress)
    wanted = [check for check in CHECKS if check.name in (*_BEFORE, *AWAITED)]
    failed = failing(target, progress, checks=wanted)
    require_passed(state.stack, failed, "The server runs")
