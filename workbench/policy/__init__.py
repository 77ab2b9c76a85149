"""Rules that an organization holds its stacks against, for a Pulumi policy pack."""

from workbench.policy.rules import Settings
from workbench.policy.rules import monthly_price
from workbench.policy.rules import rules

__all__ = ["Settings", "monthly_price", "rules"]
