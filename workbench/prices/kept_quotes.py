"""What AWS's price list told, kept for some days in the cache folder."""

import contextlib
import datetime
import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

from workbench.places import cache_dir
from workbench.prices.price_list import Quote
from workbench.writing import put_file

# AWS changes prices a few times a year.
FRESH = datetime.timedelta(days=7)


def read_quotes(region: str) -> dict[str, Quote]:
    """Return the quotes that were kept for a region, however old; none where they can't be read."""
    try:
        kept = json.loads(_file(region).read_text(encoding="utf-8"))
        return {name: Quote(float(each["price"]), str(each["date"])) for name, each in kept.items()}
    except (OSError, ValueError, AttributeError, LookupError, TypeError):
        return {}


def keep_quotes(region: str, quotes: Mapping[str, Quote]) -> None:
    """Keep quotes besides those of other things; a cache that can't be written is none."""
    # What isn't AWS's own answer is never told as if it were.
    own = {name: quote for name, quote in quotes.items() if not quote.label}
    if not own:
        return
    found = {**read_quotes(region), **own}
    plain = {
        name: {key: value for key, value in asdict(quote).items() if key != "label"}
        for name, quote in sorted(found.items())
    }
    with contextlib.suppress(OSError):
        put_file(_file(region), json.dumps(plain, indent=1))


def is_fresh(quote: Quote) -> bool:
    """Whether a quote needs no new one."""
    try:
        then = datetime.date.fromisoformat(quote.date)
    except ValueError:
        return False
    return datetime.timedelta(0) <= datetime.date.today() - then < FRESH


def _file(region: str) -> Path:
    return cache_dir() / "prices" / f"{region}.json"
