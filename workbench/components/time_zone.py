"""The server's time zone, by its name in the IANA database."""

import difflib
import re
import zoneinfo

from workbench.components.errors import ArgumentError
from workbench.components.validation import check_text

DEFAULT = "UTC"
# By place. What is older, such as US/Eastern or EST, isn't on every server.
_ZONE = re.compile(
    r"UTC|(Africa|America|Antarctica|Arctic|Asia|Atlantic|Australia|Europe|Indian|Pacific|Etc)"
    r"(/[A-Za-z0-9_+-]+)+",
    re.ASCII,
)


def check_time_zone(value: object, what: str) -> str:
    """Return a time zone's name that this computer knows, if it knows any."""
    text = check_text(value, what)
    known = {name for name in zoneinfo.available_timezones() if _ZONE.fullmatch(name)}
    if _ZONE.fullmatch(text) and (text in known or not known):
        return text
    raise ArgumentError(
        f"{what} is {text!r}, but must be a time zone's name of the form Area/City, or UTC.",
        f"For example: {_alike(text, known) or 'Europe/Berlin'}",
    )


def _alike(text: str, known: set[str]) -> str | None:
    """Return the name that was probably meant."""
    by_city = {name.rpartition("/")[2].lower(): name for name in sorted(known)}
    by_name = {name.lower(): name for name in known}
    wanted = text.lower().replace(" ", "_")
    for names in (by_city, by_name):
        if found := difflib.get_close_matches(wanted, names, n=1, cutoff=0.8):
            return names[found[0]]
    return None
