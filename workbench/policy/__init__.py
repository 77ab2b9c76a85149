"""Rules that an organization holds its stacks against, for a Pulumi policy pack; and prices."""

from workbench.policy.costs import monthly_price
from workbench.policy.rules import Settings
from workbench.policy.rules import rules
from workbench.policy.snapshots import unsaved_volumes
from workbench.prices import TABLE_DATE
from workbench.prices import in_dollars

__all__ = [
    "TABLE_DATE",
    "Settings",
    "in_dollars",
    "monthly_price",
    "rules",
    "unsaved_volumes",
]
