"""Examine a workbench from this computer to its services, whatever of it there is."""

from collections.abc import Iterable
from collections.abc import Iterator
from dataclasses import replace

from workbench.checks.check import Check
from workbench.checks.check import Outcome
from workbench.checks.check import Report
from workbench.checks.check import Result
from workbench.checks.check import failed
from workbench.checks.check import passed
from workbench.checks.check import run_checks
from workbench.checks.check import warned
from workbench.checks.table import CHECKS
from workbench.checks.target import Target
from workbench.progress import Progress
from workbench.tasks.doctor.computer_checks import computer_checks
from workbench.tasks.doctor.known_stack import KnownStack

# In the order of the way from this computer to what runs on the server.
LAYERS = (
    "stack",
    "instance",
    "dns",
    "ports",
    "tls",
    "ssh",
    "server",
    "disk",
    "services",
    "certificates",
    "snapshots",
)
# More than these differences are only counted.
MOST_NAMED = 3
# Checks of what everything else needs.
CAUSES = ("disks", "own-room", "memory")


def examine(stack: str, progress: Progress, *, quick: bool = False) -> list[Report]:
    """Run every check of the computer, the stack and the server; whatever fails, report it."""
    known = KnownStack(stack)
    before = computer_checks(known)
    others = sorted([*CHECKS, _drift_check(known)], key=lambda check: LAYERS.index(check.layer))
    behind = _behind(others, before[-1].name)
    try:
        with progress.phase("Checks") as phase:

            def begin(check: Check) -> None:
                phase.tick(check.name)

            reports = list(run_checks(before, Target(stack), begin=begin))
            wanted = [check for check in behind if not (quick and check.slow)]
            reports += run_checks(wanted, known.target(), begin=begin, after=reports)
    finally:
        known.close()
    return causes_first(reports)


def causes_first(reports: list[Report]) -> list[Report]:
    """Put what made the others fail before them: a full disk, or memory that ran out.

    Of a warning that is only said where something failed: by itself it is no cause.
    """
    if not any(report.result is Result.FAIL for report in reports):
        return reports
    told = (Result.FAIL, Result.WARN)
    causes = [each for each in reports if each.name in CAUSES and each.result in told]
    causes.sort(key=lambda report: report.result is not Result.FAIL)
    return causes + [report for report in reports if report not in causes]


def _behind(checks: Iterable[Check], last: str) -> Iterator[Check]:
    """Make the checks that need nothing need the computer's last one."""
    for check in checks:
        yield check if check.requires else replace(check, requires=(last,))


def _drift_check(known: KnownStack) -> Check:
    """Return the check that the server is what its recipe made it."""

    def check_drift(target: Target) -> Outcome:
        """Compare the server with the recipe and settings that it applied last."""
        from workbench.tasks.converge.server_plan import plan_applied

        plan = plan_applied(known.state.server)
        if plan is None:
            return failed("the server has never converged")
        if plan.is_busy:
            return warned("a converge is running", "workbench logs converge --stack {stack}")
        found = list(dict.fromkeys(said for each in plan.drift for said in each.state))
        if not found:
            return passed("files, packages, units and accounts are as the recipe left them")
        more = f" (and {len(found) - MOST_NAMED} more)" if len(found) > MOST_NAMED else ""
        return failed("; ".join(found[:MOST_NAMED]) + more)

    fix = "workbench converge --stack {stack}"
    return Check("drift", check_drift, ("converged",), fix, "services")
