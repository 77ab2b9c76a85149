"""Print what a converge would change, or what was changed manually."""

from collections.abc import Iterator
from collections.abc import Sequence
from itertools import groupby

from workbench.tasks.converge.server_plan import Finding
from workbench.terminal import TAB
from workbench.terminal import escape


def action_lines(findings: Sequence[Finding]) -> Iterator[str]:
    """Give lines that say what would be done, a paragraph for each step of the recipe."""
    for step, group in groupby(findings, lambda finding: finding.step):
        yield f"\n{step}"
        for finding in group:
            yield from _paragraph(finding.actions, finding.diff)


def state_lines(findings: Sequence[Finding]) -> Iterator[str]:
    """Give lines that say what isn't as the recipe has it."""
    for step, group in groupby(findings, lambda finding: finding.step):
        yield f"\n{step}"
        for finding in group:
            yield from _paragraph(_about(finding), finding.diff)


def steps_in_words(number: int) -> str:
    """Return "1 step" or "3 steps"."""
    return "1 step" if number == 1 else f"{number} steps"


def _about(finding: Finding) -> Sequence[str]:
    """Return what is not as it should be, after the operation's name where that's needed."""
    return [
        f"{finding.operation}: {state}" if state.startswith(("is ", "can't ")) else state
        for state in finding.state
    ]


def _paragraph(said: Sequence[str], diff: Sequence[str]) -> Iterator[str]:
    yield from (f"  {escape(line, keep=TAB)}" for line in said)
    yield from (f"      {escape(line, keep=TAB)}" for line in diff)
