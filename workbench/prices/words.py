"""Prices as people read them."""

UNKNOWN = "unknown"


def in_dollars(amount: float | None, digits: int = 2) -> str:
    """Return an amount as ``$1,234.50``, or the word for one that isn't known."""
    return UNKNOWN if amount is None else f"${amount:,.{digits}f}"
