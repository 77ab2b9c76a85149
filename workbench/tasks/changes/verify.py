"""Run checks on a stack and show them as they end."""

from collections.abc import Collection
from collections.abc import Iterable

from workbench.checks.check import Check
from workbench.checks.check import Report
from workbench.checks.check import Result
from workbench.checks.check import run_checks
from workbench.checks.table import CHECKS
from workbench.checks.target import Target
from workbench.errors import WorkbenchError
from workbench.progress import Progress
from workbench.remote.stack_state import read_stack
from workbench.tasks.output import count
from workbench.tasks.output import make_console
from workbench.tasks.output import make_progress
from workbench.tasks.output import print_reports


def run_on_stack(stack: str, checks: Iterable[Check], *, quiet: bool) -> list[Report]:
    """Run checks on a stack; print their results unless ``quiet``."""
    progress = make_progress(quiet=quiet)
    state = read_stack(stack, progress)
    try:
        reports = run_all(state.target(), checks, progress)
    finally:
        state.close()
    if not quiet:
        show_reports(reports)
    return reports


def run_all(target: Target, checks: Iterable[Check], progress: Progress) -> list[Report]:
    """Run checks on a target in one phase of ``progress``."""
    with progress.phase("Checks") as phase:
        return list(run_checks(checks, target, begin=lambda check: phase.tick(check.name)))


def failing(
    target: Target,
    progress: Progress,
    *,
    checks: Iterable[Check] = CHECKS,
    known: Collection[str] = (),
) -> list[Report]:
    """Return the reports of the checks that fail, without those that are ``known`` to."""
    reports = run_all(target, checks, progress)
    return [each for each in reports if each.result is Result.FAIL and each.name not in known]


def require_passed(stack: str, failed: list[Report], what: str) -> None:
    """Show the reports of what failed and raise if there are any; ``what`` begins the sentence."""
    if not failed:
        return
    show_reports(failed)
    checks = "a check fails" if len(failed) == 1 else f"{len(failed)} checks fail"
    raise WorkbenchError(f"{what}, but {checks}.", f"workbench doctor --stack {stack}")


def show_reports(reports: list[Report]) -> None:
    """Print results and how many there are of each."""
    console = make_console()
    print_reports(reports, console)
    console.print(f"\n{count(reports)}")
