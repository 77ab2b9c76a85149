"""What a workbench costs a month."""

from dataclasses import dataclass

from workbench.prices import table

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


def monthly_cost(
    instance_type: str,
    region: str,
    *,
    volumes_gib: float = 0,
    snapshots_gib: float = 0,
    addresses: int = 1,
    hosted_zones: int = 0,
) -> MonthlyCost:
    """Return what a server costs a month: gp3 volumes and snapshots in GiB, all volumes together.

    What people send and receive isn't in it.
    """
    return MonthlyCost(
        instance=_times(table.hourly_price(instance_type, region), HOURS_PER_MONTH),
        volumes=_times(table.gp3_price(region), volumes_gib),
        snapshots=_times(table.snapshot_price(region), snapshots_gib),
        address=_times(table.address_price(region), addresses * HOURS_PER_MONTH),
        hosted_zone=table.hosted_zone_price() * hosted_zones,
    )


def _times(price: float | None, amount: float) -> float | None:
    if amount == 0:
        return 0.0
    return None if price is None else price * amount
