"""See that a server that was started answers to people again."""

from workbench.checks.check import Report
from workbench.checks.check import Result
from workbench.checks.table import CHECKS
from workbench.errors import WorkbenchError
from workbench.progress import Progress
from workbench.tasks.checking import run_all
from workbench.tasks.checking import show_reports
from workbench.tasks.server.usable import AWAITED
from workbench.tasks.server.usable import wait_usable
from workbench.tasks.stack_state import StackState

# What stands in front of those that are waited for.
_BEFORE = ("stack", "instance", "security-group")


def await_services(state: StackState, progress: Progress) -> None:
    """Wait until certificate, pages and hub answer; raise with what doesn't."""
    target = state.target()
    wait_usable(target, progress)
    wanted = [check for check in CHECKS if check.name in (*_BEFORE, *AWAITED)]
    require_passed(state.stack, run_all(target, wanted, progress), "The server runs")


def require_passed(stack: str, reports: list[Report], what: str) -> None:
    """Show the reports and raise where one failed; ``what`` begins the sentence."""
    failed = [report for report in reports if report.result is Result.FAIL]
    if not failed:
        return
    show_reports(failed)
    raise WorkbenchError(
        f"{what}, but {len(failed)} of {len(reports)} checks fail.",
        f"workbench doctor --stack {stack}",
    )
