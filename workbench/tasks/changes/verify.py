"""Run checks on a stack and show them as they end."""

import threading
from collections.abc import Collection
from collections.abc import Iterable
from collections.abc import Sequence
from concurrent.futures import CancelledError
from concurrent.futures import ThreadPoolExecutor

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

# Each signs in and starts kernels: on more servers at a time, this computer is what is waited for.
AT_ONCE = 5


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


def run_on_each(
    targets: Sequence[Target], checks: Sequence[Check], progress: Progress
) -> list[list[Report]]:
    """Run checks on each target, on several at a time: most of it is waiting for servers."""
    if len(targets) == 1:
        return [run_all(targets[0], checks, progress)]
    ended = threading.Event()

    def run(target: Target) -> list[Report]:
        return list(run_checks(checks, target, begin=begin))

    def begin(check: Check) -> None:
        if ended.is_set():
            raise CancelledError
        phase.tick(check.name)

    with progress.phase("Checks") as phase, ThreadPoolExecutor(AT_ONCE) as pool:
        try:
            return list(pool.map(run, targets))
        finally:
            # After Ctrl-C, a target's check that runs is the last one of its.
            ended.set()


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
