"""What a server costs on AWS, by a dated table that ships with the package."""

from workbench.prices.monthly import HOURS_PER_MONTH
from workbench.prices.monthly import MonthlyCost
from workbench.prices.monthly import monthly_cost
from workbench.prices.table import TABLE_DATE
from workbench.prices.table import hourly_price
from workbench.prices.table import next_size
from workbench.prices.words import in_dollars
from workbench.prices.words import surplus_sentence

__all__ = [
    "HOURS_PER_MONTH",
    "TABLE_DATE",
    "MonthlyCost",
    "hourly_price",
    "in_dollars",
    "monthly_cost",
    "next_size",
    "surplus_sentence",
]
