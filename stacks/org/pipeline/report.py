"""What a preview would do, as Markdown for those who approve it."""

from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from workbench.policy import TABLE_DATE
from workbench.policy import in_dollars
from workbench.policy import monthly_price

# Pulumi's operations, in the order in which they matter to those who read.
OPERATIONS = ("replace", "delete", "update", "create", "import", "same")
GRAVE = ("replace", "delete")
REGION = "aws:region"
# With which the engine ends whatever went wrong.
END = "preview failed"
# A comment on GitHub has 65,536 letters at most.
MOST_NAMED = 100


@dataclass(frozen=True)
class Report:
    """What the engine's events say: steps, broken rules, errors, counts, and the configuration."""

    steps: list[dict[str, Any]]
    violations: list[dict[str, Any]]
    errors: list[str]
    counts: Mapping[str, int]
    config: Mapping[str, str]

    @classmethod
    def of(cls, events: Iterable[Mapping[str, Any]]) -> "Report":
        """Return the report of a preview's events."""
        steps, violations, errors, counts, config = [], [], [], {}, {}
        for event in events:
            if "resourcePreEvent" in event:
                steps.append(event["resourcePreEvent"]["metadata"])
            elif "policyEvent" in event:
                violations.append(event["policyEvent"])
            elif event.get("diagnosticEvent", {}).get("severity") == "error":
                errors.append(event["diagnosticEvent"]["message"].strip())
            elif "summaryEvent" in event:
                counts = event["summaryEvent"]["resourceChanges"]
            elif "preludeEvent" in event:
                config = event["preludeEvent"]["config"]
        return cls(steps, violations, [each for each in errors if each != END], counts, config)

    @property
    def region(self) -> str:
        """The stack's region; empty if its configuration names none."""
        return self.config.get(REGION, "")

    def markdown(self, stack: str, commit: str, unsaved: Sequence[str] = ()) -> str:
        """Return the whole text, what is grave first, ``unsaved`` data above all."""
        return "\n\n".join(self._paragraphs(stack, commit, unsaved)) + "\n"

    def _paragraphs(self, stack: str, commit: str, unsaved: Sequence[str]) -> Iterator[str]:
        told = [f"{self.counts[op]} to {op}" for op in OPERATIONS[:-1] if self.counts.get(op)]
        same = f"{self.counts.get('same', 0)} unchanged"
        yield f"### {stack}: {', '.join([*told, same]) if self.counts else 'no preview'}"
        if unsaved:
            told = [f"- {one_line(each)}" for each in unsaved]
            yield "**Data without a snapshot**\n\n" + "\n".join(told)
        if self.violations:
            yield self._rules()
        if self.errors:
            yield "**Errors**\n\n```text\n{}\n```".format("\n".join(self.errors))
        steps = sorted(self.changes, key=lambda step: OPERATIONS.index(step["op"]))
        grave = [step for step in steps if step["op"] in GRAVE]
        others = [step for step in steps if step["op"] not in GRAVE]
        if grave:
            yield "**Replaced or deleted**\n\n" + lines_of(grave)
        if others:
            yield f"<details><summary>Other changes</summary>\n\n{lines_of(others)}\n\n</details>"
        yield f"{self._cost()} Commit {commit[:12]}."

    @property
    def changes(self) -> list[dict[str, Any]]:
        """The steps that change something that a person asked for, not the stack itself."""
        return [
            step
            for step in self.steps
            if step["op"] in OPERATIONS[:-1] and not step["type"].startswith("pulumi:")
        ]

    def _rules(self) -> str:
        rows = [
            f"| {each['policyName']} | {each['enforcementLevel']} | {one_line(each['message'])} |"
            for each in self.violations
        ]
        head = "**Rules that this breaks**\n\n| rule | level | what it says |\n|---|---|---|\n"
        return head + "\n".join(rows)

    def _cost(self) -> str:
        """Say what servers, volumes and network cost, now and then."""
        before, after = (self._monthly(state) for state in ("old", "new"))
        was = "" if before == after else f", {in_dollars(before)} before"
        return (
            f"Servers, volumes and network: {in_dollars(after)} a month{was}"
            f" (list price of {TABLE_DATE}, {self.region or 'region unknown'})."
        )

    def _monthly(self, state: str) -> float | None:
        there = [step[state] for step in self.steps if step.get(state) and is_whole(step)]
        prices = [self._price(each) for each in there]
        return None if None in prices else sum(price or 0 for price in prices)

    def _price(self, state: Mapping[str, Any]) -> float | None:
        try:
            return monthly_price(state["type"], state.get("inputs") or {}, self.region)[1]
        except ValueError:
            # A size that a preview can't know.
            return None


def is_whole(step: Mapping[str, Any]) -> bool:
    """Whether a step counts: a replacement is told three times, once as a whole."""
    return step["op"] in OPERATIONS


def lines_of(steps: list[dict[str, Any]]) -> str:
    """Return a line for each step: operation, name, kind, and what changes."""
    told = [
        "- {} `{}` ({}){}".format(
            step["op"],
            step["urn"].rpartition("::")[2],
            step["type"].rpartition(":")[2],
            ": " + ", ".join(step["diffs"]) if step.get("diffs") else "",
        )
        for step in steps[:MOST_NAMED]
    ]
    more = len(steps) - len(told)
    return "\n".join([*told, f"- and {more} more"] if more > 0 else told)


def one_line(text: str) -> str:
    """Return a text that fits into a cell of a table."""
    return " ".join(text.split()).replace("|", "\\|")
