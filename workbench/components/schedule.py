"""When AWS Backup makes snapshots, and how long they are kept."""

import re

from workbench.components.errors import ArgumentError
from workbench.components.validation import check_number

# Every day at five, by UTC; AWS begins within the hour after.
DEFAULT_SCHEDULE = "cron(0 5 ? * * *)"
DEFAULT_RETENTION_DAYS = 14
OFF = "off"
_CRON = re.compile(r"cron\((?:[0-9A-Z*/,?L#W-]+ ){5}[0-9*/,-]+\)", re.ASCII)


def check_schedule(value: object, what: str = "schedule") -> str:
    """Return a schedule as AWS Backup takes it, or ``off``."""
    if not isinstance(value, str) or (value != OFF and not _CRON.fullmatch(value)):
        raise ArgumentError(
            f"{what} is {value!r}, but must be a cron expression in AWS's format, or {OFF}.",
            f"For every day at five (UTC): {DEFAULT_SCHEDULE}",
        )
    return value


def check_retention(value: object, what: str = "retention_days") -> int:
    """Return a number of days to keep snapshots for."""
    return check_number(value, what, 1, 3650, "days")
