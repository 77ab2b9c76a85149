"""What a workbench costs a month."""

from dataclasses import dataclass

# AWS's own calculators count a month so.
HOURS_PER_MONTH = 730


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
        costs = [cost for _, cost in self.items]
        known = [cost for cost in costs if cost is not None]
        return sum(known) if len(known) == len(costs) else None
