"""The server's time zone, by its name in the IANA database."""

import difflib
import zoneinfo

from workbench.components.errors import ArgumentError
from workbench.host.contract import values

DEFAULT = "UTC"


def check_time_zone(value: object, what: str) -> str:
    """Return a time zone's name that this computer knows, if it knows any."""
    known = {name for name in zoneinfo.available_timezones() if values.is_time_zone(name)}
    try:
        return values.check_time_zone(value, what, known)
    except values.UnusableValueError as error:
        alike = _alike(value, known) if isinstance(value, str) else None
        hint = f"For example: {alike}" if alike else error.hint
        raise ArgumentError(error.message, hint) from None


def _alike(text: str, known: set[str]) -> str | None:
    """Return the name that was probably meant."""
    by_city = {name.rpartition("/")[2].lower(): name for name in sorted(known)}
    by_name = {name.lower(): name for name in known}
    wanted = text.lower().replace(" ", "_")
    for names in (by_city, by_name):
        if found := difflib.get_close_matches(wanted, names, n=1, cutoff=0.8):
            return names[found[0]]
    return None
