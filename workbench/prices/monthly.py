"""What a workbench costs a month."""

from collections.abc import Iterable
from dataclasses import dataclass
from dataclasses import replace

# AWS's own calculators count a month so.
HOURS_PER_MONTH = 730
# The disk of a server whose program says nothing: that of Ubuntu's and Debian's images.
IMAGE_GIB = 8


def sum_of(costs: Iterable[float | None]) -> float | None:
    """Return costs together; unknown as soon as one is."""
    known = list(costs)
    return None if None in known else sum(cost for cost in known if cost is not None)


@dataclass(frozen=True)
class MonthlyCost:
    """US dollars a month, before tax, of a server that always runs; None is unknown.

    A stopped server costs all of it but the instance.
    """

    instance: float | None
    volumes: float | None
    snapshots: float | None
    address: float | None
    hosted_zone: float | None

    @property
    def items(self) -> tuple[tuple[str, float | None], ...]:
        """Each part's name and cost, without those that cost nothing."""
        parts = (
            ("instance", self.instance),
            ("volumes", self.volumes),
            ("snapshots", self.snapshots),
            ("public address", self.address),
            ("hosted zone", self.hosted_zone),
        )
        return tuple((name, cost) for name, cost in parts if cost is None or cost > 0)

    @property
    def total(self) -> float | None:
        """All together; unknown as soon as one part is."""
        return sum_of(cost for _, cost in self.items)

    @property
    def stopped(self) -> float | None:
        """What it costs while it is stopped."""
        return replace(self, instance=0.0).total
