"""Read single prices from the table; what it doesn't have is None, and never guessed."""

import tomllib
from importlib.resources import files
from typing import Any

_TABLE: dict[str, Any] = tomllib.loads(
    files("workbench.prices").joinpath("table.toml").read_text(encoding="utf-8")
)
# When the prices were these, as YYYY-MM-DD.
TABLE_DATE: str = _TABLE["date"]


def hourly_price(instance_type: str, region: str) -> float | None:
    """Return what an hour of a running instance costs, in US dollars."""
    prices = _region(region)
    listed = prices.get("types", {}).get(instance_type)
    if listed is not None:
        return float(listed)
    family, _, size = instance_type.partition(".")
    large = prices.get("large", {}).get(family)
    if large is None or size not in _TABLE["families"][family]:
        return None
    return float(large) * float(_TABLE["sizes"][size])


def next_size(instance_type: str) -> str | None:
    """Return the type of the same family with the next size; None where none is known."""
    family, _, size = instance_type.partition(".")
    sizes: dict[str, float] = _TABLE["sizes"]
    bigger = [
        each
        for each in _TABLE["families"].get(family, [])
        if size in sizes and sizes[each] > sizes[size]
    ]
    return f"{family}.{bigger[0]}" if bigger else None


def surplus_price(instance_type: str) -> float | None:
    """Return what an hour of a vCPU above the baseline costs; None where there is no such thing."""
    return _price(_TABLE["everywhere"]["surplus_vcpu_hour"], instance_type.partition(".")[0])


def gp3_price(region: str) -> float | None:
    """Return what a GiB of a gp3 volume costs a month, in US dollars."""
    return _price(_region(region), "gp3_gib_month")


def snapshot_price(region: str) -> float | None:
    """Return what a GiB of snapshots costs a month, in US dollars."""
    return _price(_region(region), "snapshot_gib_month")


def address_price(region: str) -> float | None:
    """Return what an hour of a public IPv4 address costs, in US dollars."""
    return _price(_TABLE["everywhere"], "public_ipv4_hour") if _region(region) else None


def nat_gateway_price(region: str) -> float | None:
    """Return what an hour of a NAT gateway costs, in US dollars, without its traffic."""
    return _price(_region(region), "nat_gateway_hour")


def load_balancer_price(region: str) -> float | None:
    """Return what an hour of an application load balancer costs, without its capacity units."""
    return _price(_region(region), "load_balancer_hour")


def endpoint_price(region: str) -> float | None:
    """Return what an hour of an interface endpoint costs in each zone, without its traffic."""
    return _price(_region(region), "endpoint_hour")


def hosted_zone_price() -> float:
    """Return what a Route 53 hosted zone costs a month, in US dollars; it has no region."""
    return float(_TABLE["everywhere"]["hosted_zone_month"])


def _region(region: str) -> dict[str, Any]:
    found: dict[str, Any] = _TABLE["regions"].get(_TABLE["same_as"].get(region, region), {})
    return found


def _price(prices: dict[str, Any], key: str) -> float | None:
    price = prices.get(key)
    return None if price is None else float(price)
