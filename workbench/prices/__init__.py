"""What a server costs on AWS: by AWS's price list, else by a dated table that ships with this."""

from workbench.prices.monthly import HOURS_PER_MONTH
from workbench.prices.monthly import IMAGE_GIB
from workbench.prices.monthly import MonthlyCost
from workbench.prices.monthly import sum_of
from workbench.prices.prices import Prices
from workbench.prices.prices import read_prices
from workbench.prices.table import TABLE_DATE
from workbench.prices.table import next_size
from workbench.prices.words import in_dollars
from workbench.prices.words import surplus_sentence

__all__ = [
    "HOURS_PER_MONTH",
    "IMAGE_GIB",
    "TABLE_DATE",
    "MonthlyCost",
    "Prices",
    "in_dollars",
    "next_size",
    "read_prices",
    "sum_of",
    "surplus_sentence",
]
