"""Wait until a workbench that has converged really answers: certificate, pages, hub."""

import time

from workbench.checks.check import Report
from workbench.checks.check import Result
from workbench.checks.check import run_checks
from workbench.checks.table import CHECKS
from workbench.checks.target import Target
from workbench.progress import Progress

# What comes some time after the last step of the recipe: the certificate's authority looks at
# the server first, and services take connections a moment after systemd has started them.
AWAITED = tuple(check.name for check in CHECKS if check.awaited)
LIMIT = 180.0
INTERVAL = 1.0


def wait_usable(target: Target, progress: Progress, *, limit: float = LIMIT) -> None:
    """Wait until the pages answer, for up to ``limit`` seconds; the checks say what doesn't."""
    end = time.monotonic() + limit
    with progress.phase("Services") as phase:
        while (missing := _missing(target)) and time.monotonic() < end:
            phase.tick(f"waiting for {missing.name}: {missing.evidence}")
            time.sleep(INTERVAL)


def _missing(target: Target) -> Report | None:
    """Return the first of the awaited checks that fails."""
    awaited = [check for check in CHECKS if check.name in AWAITED]
    return next((r for r in run_checks(awaited, target) if r.result is Result.FAIL), None)
