"""Prices as people read them."""

from workbench.prices.table import surplus_price

UNKNOWN = "unknown"


def in_dollars(amount: float | None, digits: int = 2) -> str:
    """Return an amount as ``$1,234.50``, or the word for one that isn't known."""
    return UNKNOWN if amount is None else f"${amount:,.{digits}f}"


def surplus_sentence(instance_type: str) -> str:
    """Return what comes on top where people compute for hours; empty where nothing does."""
    price = surplus_price(instance_type)
    if price is None:
        return ""
    family = instance_type.partition(".")[0]
    cost = in_dollars(price)
    return f"CPU above a {family}'s baseline, on average over a day, costs {cost} per vCPU-hour."
