"""Run checks on a stack and show them as they end."""

from collections.abc import Iterable

from workbench.checks.check import Check
from workbench.checks.check import Report
from workbench.checks.check import run_checks
from workbench.checks.target import Target
from workbench.progress import Progress
from workbench.tasks.show import count
from workbench.tasks.show import make_console
from workbench.tasks.show import make_progress
from workbench.tasks.show import print_reports
from workbench.tasks.stack_state import read_stack


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


def show_reports(reports: list[Report]) -> None:
    """Print results and how many there are of each."""
    console = make_console()
    print_reports(reports, console)
    console.print(f"\n{count(reports)}")
