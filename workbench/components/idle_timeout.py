"""How long a person's Jupyter server may be idle."""

from workbench.components.validation import check_number

DEFAULT_MINUTES = 1440
# Servers tell the hub about once a minute what they do.
SHORTEST, LONGEST = 10, 43200


def check_idle_timeout(value: object, what: str) -> int:
    """Return the seconds after which an idle server is ended, of minutes; 0 is never."""
    if value == 0 and not isinstance(value, bool):
        return 0
    return 60 * check_number(value, what, SHORTEST, LONGEST, "minutes, or 0 for never")
