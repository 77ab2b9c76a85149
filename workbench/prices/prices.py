"""A region's prices: AWS's own where it tells them, else the table's; and which they are."""

from collections.abc import Iterable
from collections.abc import Mapping

from workbench.prices import table
from workbench.prices.kept_quotes import is_fresh
from workbench.prices.kept_quotes import keep_quotes
from workbench.prices.kept_quotes import read_quotes
from workbench.prices.monthly import HOURS_PER_MONTH
from workbench.prices.monthly import MonthlyCost
from workbench.prices.price_list import ADDRESS
from workbench.prices.price_list import GP3
from workbench.prices.price_list import SNAPSHOT
from workbench.prices.price_list import Client
from workbench.prices.price_list import Quote
from workbench.prices.price_list import ask


class Prices:
    """Prices in US dollars; None is unknown. ``source`` says where those came from that were asked.

    ``quotes`` are by instance type, and by price_list's names for the rest.
    """

    def __init__(self, region: str, quotes: Mapping[str, Quote] | None = None) -> None:
        self.region = region
        self._quotes = dict(quotes or {})
        self._told: set[Quote | None] = set()

    def hourly(self, instance_type: str) -> float | None:
        """Return what an hour of a running instance costs."""
        return self._price(instance_type, table.hourly_price(instance_type, self.region))

    def gp3(self) -> float | None:
        """Return what a GiB of a gp3 volume costs a month."""
        return self._price(GP3, table.gp3_price(self.region))

    def snapshot(self) -> float | None:
        """Return what a GiB of snapshots costs a month."""
        return self._price(SNAPSHOT, table.snapshot_price(self.region))

    def monthly(
        self,
        instance_type: str,
        *,
        volumes_gib: float = 0,
        snapshots_gib: float = 0,
        addresses: int = 1,
        hosted_zones: int = 0,
    ) -> MonthlyCost:
        """Return what a server costs a month: volumes and snapshots in GiB, each kind together.

        What people send and receive isn't in it.
        """
        if hosted_zones:
            self._told.add(None)
        address = self._price(ADDRESS, table.address_price(self.region)) if addresses else None
        return MonthlyCost(
            instance=_times(self.hourly(instance_type), HOURS_PER_MONTH),
            volumes=_times(self.gp3(), volumes_gib) if volumes_gib else 0.0,
            snapshots=_times(self.snapshot(), snapshots_gib) if snapshots_gib else 0.0,
            address=_times(address, addresses * HOURS_PER_MONTH) if addresses else 0.0,
            hosted_zone=table.hosted_zone_price() * hosted_zones,
        )

    def _price(self, name: str, in_table: float | None) -> float | None:
        quote = self._quotes.get(name)
        if quote is None and in_table is None:
            return None
        self._told.add(quote)
        return in_table if quote is None else quote.price

    @property
    def source(self) -> str:
        """Where the prices that were told so far are from, and of when."""
        quotes = [each for each in self._told if each is not None]
        ours = f"workbench's own table of {table.TABLE_DATE}"
        if not quotes:
            return ours
        oldest = min(quotes, key=lambda each: each.date)
        label = f" ({oldest.label})" if oldest.label else ""
        theirs = f"AWS's price list{label}, asked {oldest.date}"
        return f"{theirs}, and {ours}" if None in self._told else theirs


def read_prices(
    client: Client | None, region: str, types: Iterable[str] = (), *, others: bool = True
) -> Prices:
    """Return a region's prices, of which these instance types and the ``others`` are asked for.

    Nothing that AWS answers, or doesn't, is an error. Without a client it isn't asked: what it said
    before counts, however long ago.
    """
    wanted = [*dict.fromkeys(types), *((GP3, SNAPSHOT, ADDRESS) if others else ())]
    kept = read_quotes(region)
    missing = [name for name in wanted if name not in kept or not is_fresh(kept[name])]
    asked = ask(client, region, missing) if client and missing else {}
    keep_quotes(region, asked)
    return Prices(region, {**kept, **asked})


def _times(price: float | None, amount: float) -> float | None:
    return None if price is None else price * amount
