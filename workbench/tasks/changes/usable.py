"""Wait until a workbench that has converged really answers: certificate, pages, hub."""

from workbench.checks.check import Report
from workbench.checks.check import Result
from workbench.checks.check import run_checks
from workbench.checks.table import CHECKS
from workbench.checks.target import Target
from workbench.progress import Progress
from workbench.waiting import wait_for

# What comes some time after the last step of the recipe: the certificate's authority looks at
# the server first, and services take connections a moment after systemd has started them.
AWAITED = tuple(check.name for check in CHECKS if check.awaited)
LIMIT = 180.0
INTERVAL = 1.0


def wait_usable(target: Target, progress: Progress, *, limit: float = LIMIT) -> None:
    """Wait until the pages answer, for up to ``limit`` seconds; the checks say what doesn't."""

    def answers() -> bool:
        missing = _missing(target)
        if missing is not None:
            phase.tick(f"waiting for {missing.name}: {missing.evidence}")
        return missing is None

    with progress.phase("Services") as phase:
        wait_for(answers, limit, INTERVAL)


def _missing(target: Target) -> Report | None:
    """Return the first of the awaited checks that fails."""
    awaited = [check for check in CHECKS if check.name in AWAITED]
    return next((r for r in run_checks(awaited, target) if r.result is Result.FAIL), None)
