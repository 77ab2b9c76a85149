"""What an operation did to a stack, in numbers and in words."""

from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field

from workbench.engine.state import Resource

# In the order they are told.
_WORDS = {
    "create": "created",
    "import": "imported",
    "update": "updated",
    "replace": "replaced",
    "delete": "deleted",
    "same": "unchanged",
}
# Parts of a replacement, which is counted once.
_PARTS = ("create-replacement", "delete-replaced", "discard", "read", "refresh")
# More changes than this are only counted.
MOST_NAMED = 8


@dataclass(frozen=True)
class Changes:
    """How many resources an operation created, updated, … (by Pulumi's own words)."""

    counts: Mapping[str, int] = field(default_factory=dict)
    steps: tuple[tuple[str, Resource], ...] = ()

    @property
    def total(self) -> int:
        """How many resources changed, or would."""
        return sum(count for op, count in self.counts.items() if op != "same" and op not in _PARTS)

    def __str__(self) -> str:
        told = [f"{self.counts[op]} {word}" for op, word in _WORDS.items() if self.counts.get(op)]
        return ", ".join(told) if self.total else f"no changes ({', '.join(told) or 'empty'})"

    def named(self) -> str:
        """Return what changes, by name: ``update Instance lab-server``."""
        told = [f"{op} {resource}" for op, resource in self.steps if op not in _PARTS]
        more = len(told) - MOST_NAMED
        return ", ".join(told[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
