"""Check a lab's steps: each is done when all that it must bring about is true."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC
from datetime import datetime
from typing import Any

from workbench.checks.check import Check
from workbench.checks.check import Report
from workbench.checks.check import Result
from workbench.checks.check import run_checks
from workbench.checks.labs.table import LAB_CHECKS
from workbench.labs.lab_file import Lab
from workbench.labs.lab_file import Step
from workbench.progress import Progress
from workbench.tasks.labs.bench import LabBench
from workbench.tasks.labs.looking import Looking


@dataclass(frozen=True)
class StepReport:
    """How a step stands, by its checks."""

    step: Step
    reports: tuple[Report, ...]

    @property
    def result(self) -> Result:
        """PASS where every check passes: one that was skipped has shown nothing."""
        results = {report.result for report in self.reports}
        for result in (Result.FAIL, Result.WARN, Result.SKIP):
            if result in results:
                return result
        return Result.PASS

    @property
    def evidence(self) -> str:
        """What shows it: of a step that isn't done, what is in the way."""
        telling = [report for report in self.reports if report.result is self.result]
        return "\n".join(dict.fromkeys(report.evidence for report in telling))

    def as_json(self) -> dict[str, Any]:
        """Return the fields that scripts read."""
        return {
            "step": self.step.name,
            "heading": self.step.heading,
            "result": str(self.result),
            "checks": [report.as_json() for report in self.reports],
        }

    def as_report(self, hint: str) -> Report:
        """Return it as one line of a table of checks."""
        fix = "" if self.result is Result.PASS else hint
        return Report(self.step.name, self.result, self.evidence, fix)


def needed(steps: Iterable[Step]) -> list[Check]:
    """Return the checks of steps and those that must be true before, in the table's order."""
    wanted = {name for step in steps for name in step.checks}
    for check in reversed(LAB_CHECKS):
        if check.name in wanted:
            wanted |= set(check.requires)
    return [check for check in LAB_CHECKS if check.name in wanted]


def check_steps(bench: LabBench, steps: Iterable[Step], progress: Progress) -> list[StepReport]:
    """Return how steps stand now."""
    steps = list(steps)
    looking = Looking(bench)
    try:
        with progress.phase("Checks") as phase:
            reports = {
                report.name: report
                for report in run_checks(
                    needed(steps), looking.target, begin=lambda check: phase.tick(check.name)
                )
            }
    finally:
        looking.close()
    return [StepReport(step, tuple(reports[name] for name in step.checks)) for step in steps]


def check_lab(bench: LabBench, lab: Lab, progress: Progress) -> list[StepReport]:
    """Return how a lab's steps stand now, and note those that are done."""
    found = check_steps(bench, lab.steps, progress)
    note(bench, found)
    return found


def note(bench: LabBench, found: Iterable[StepReport]) -> None:
    """Note which steps are done; one that was stays so, whatever a later step changes."""
    for each in found:
        record = bench.record.step(each.step.name)
        if each.result is Result.PASS and not record.done:
            record.done = datetime.now(UTC).isoformat(timespec="seconds")
    bench.record.save()
