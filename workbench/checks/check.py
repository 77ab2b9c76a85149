"""A check: one thing that must be true, with its evidence and the command that fixes it."""

from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from workbench.checks.target import Target
from workbench.errors import WorkbenchError
from workbench.terminal import escape


class Result(StrEnum):
    """How a check ended."""

    PASS = "PASS"  # noqa: S105
    FAIL = "FAIL"
    WARN = "WARN"
    SKIP = "SKIP"


@dataclass(frozen=True)
class Outcome:
    """What a check found: the result and the line that shows it.

    ``fix`` is the command that fixes it, where the check knows better than its table's entry. One
    that ``blocks`` stands in the way of those that need it, as a failed one does.
    """

    result: Result
    evidence: str
    fix: str = ""
    blocks: bool = False


@dataclass(frozen=True)
class Check:
    """One thing that must be true.

    ``requires`` names the checks without which this one can't be asked; ``fix`` is the command
    that fixes it, in which ``{stack}`` stands for the stack's name. A ``slow`` one takes more
    than some seconds. One of a ``service`` is skipped where that is turned off; ``awaited`` is what
    comes some time after the last step of the recipe.
    """

    name: str
    run: Callable[[Target], Outcome]
    requires: tuple[str, ...] = ()
    fix: str = ""
    layer: str = ""
    slow: bool = False
    service: str = ""
    awaited: bool = False


@dataclass(frozen=True)
class Report:
    """A check's result, as shown and as ``--json`` has it.

    ``blocked`` tells one that was skipped for its prerequisites from one that skipped itself.
    """

    name: str
    result: Result
    evidence: str
    fix: str
    layer: str = ""
    blocked: bool = False

    def as_json(self) -> dict[str, str]:
        """Return the fields scripts read."""
        return {
            "name": self.name,
            "result": str(self.result),
            "evidence": self.evidence,
            "fix": self.fix,
        }


def passed(evidence: str) -> Outcome:
    """Say that it is true, and how that was seen."""
    return Outcome(Result.PASS, evidence)


def failed(evidence: str, fix: str = "") -> Outcome:
    """Say that it isn't true, and what was seen instead."""
    return Outcome(Result.FAIL, evidence, fix)


def warned(evidence: str, fix: str = "") -> Outcome:
    """Say that it is true, but won't stay so, or is less than it could be."""
    return Outcome(Result.WARN, evidence, fix)


def skipped(evidence: str, fix: str = "", *, blocks: bool = False) -> Outcome:
    """Say why it can't be asked; with ``blocks``, what needs it can't be asked either."""
    return Outcome(Result.SKIP, evidence, fix, blocks)


def run_checks(
    checks: Iterable[Check],
    target: Target,
    *,
    begin: Callable[[Check], None] = lambda check: None,
    after: Iterable[Report] = (),
) -> Iterator[Report]:
    """Run checks in order and yield each one's report; one whose prerequisite failed is skipped.

    ``after`` are the reports of checks that ran before these.
    """
    # A check that skips itself (there is no domain, say) is no reason to skip those after it.
    in_the_way = {each.name for each in after if each.blocked or each.result is Result.FAIL}
    for check in checks:
        begin(check)
        missing = [name for name in check.requires if name in in_the_way]
        outcome = skipped(f"needs {', '.join(missing)}") if missing else _run(check, target)
        if missing or outcome.blocks or outcome.result is Result.FAIL:
            in_the_way.add(check.name)
        yield _report(check, outcome, target, blocked=bool(missing))


def _run(check: Check, target: Target) -> Outcome:
    if check.service and check.service not in [each.name for each in target.services]:
        return skipped(f"this workbench has no {check.service}")
    try:
        return check.run(target)
    except WorkbenchError as error:
        return failed(_one_line(error.message), error.hint)
    except Exception as error:  # a check may meet anything, and the others must still run
        return failed(f"{type(error).__name__}: {_one_line(str(error))}")


def _one_line(text: str) -> str:
    return " ".join(text.split())[:300]


def _report(check: Check, outcome: Outcome, target: Target, *, blocked: bool) -> Report:
    # What stands in the way is fixed first; its own report says how.
    wanted = outcome.result is not Result.PASS and not blocked
    # Where there is nothing to ask there is nothing to fix, unless the check says so itself.
    default = "" if outcome.result is Result.SKIP else check.fix
    fix = (outcome.fix or default).replace("{stack}", target.stack) if wanted else ""
    evidence = escape(outcome.evidence, keep="")
    return Report(check.name, outcome.result, evidence, fix, check.layer, blocked)
