"""Prices come from the table as it is; what it hasn't is unknown."""

import datetime
import re
import tomllib
from importlib.resources import files

import pytest

from workbench.prices import TABLE_DATE
from workbench.prices import Prices
from workbench.prices import in_dollars
from workbench.prices import surplus_sentence
from workbench.prices import table

TABLE = tomllib.loads(files("workbench.prices").joinpath("table.toml").read_text("utf-8"))


@pytest.mark.parametrize(
    ("instance_type", "region", "price"),
    [
        ("t3.medium", "us-east-1", 0.0416),
        ("t3.nano", "us-east-1", 0.0052),
        ("m6i.2xlarge", "us-east-1", 0.384),
        ("m5.24xlarge", "us-west-2", 4.608),
        ("c5.9xlarge", "us-east-2", 1.53),
        ("t3.medium", "eu-central-1", 0.048),
        ("g5.xlarge", "us-east-1", 1.006),
        ("t2.small", "us-east-1", 0.023),
        ("m7i-flex.large", "us-west-2", 0.09576),
        # As a catalog that is made from AWS's price list has them.
        ("m7i.24xlarge", "ap-south-1", 5.0904),
        ("m8i.2xlarge", "eu-central-1", 0.50716),
        ("m8i.24xlarge", "ca-central-1", 5.66256),
        ("m8g.medium", "ap-south-1", 0.03208),
        ("m8g.8xlarge", "eu-west-1", 1.60064),
        ("m8i-flex.8xlarge", "us-east-2", 1.6088),
        ("c8i.96xlarge", "us-west-2", 17.99232),
        ("g6.xlarge", "us-east-1", 0.8048),
    ],
)
def test_the_table_has_aws_prices(instance_type: str, region: str, price: float) -> None:
    assert table.hourly_price(instance_type, region) == pytest.approx(price)


@pytest.mark.parametrize(
    ("instance_type", "region"),
    [
        ("t3.medium", "mars-north-1"),
        ("t3.24xlarge", "us-east-1"),
        ("z9.large", "us-east-1"),
        ("t3", "us-east-1"),
        ("", "us-east-1"),
        ("g5.xlarge", "sa-east-1"),
        ("c5.8xlarge", "us-east-1"),
        ("m8i.large", "eu-west-3"),
    ],
)
def test_what_the_table_has_not_is_unknown(instance_type: str, region: str) -> None:
    assert table.hourly_price(instance_type, region) is None
    assert Prices(region).monthly(instance_type).total is None
    assert in_dollars(table.hourly_price(instance_type, region)) == "unknown"


@pytest.mark.parametrize(
    ("instance_type", "price"),
    [("t3.medium", "$0.05"), ("t3a.large", "$0.05"), ("t4g.nano", "$0.04")],
)
def test_what_computing_for_long_costs_is_said_of_types_without_a_limit(
    instance_type: str, price: str
) -> None:
    assert f"costs {price} per vCPU-hour" in surplus_sentence(instance_type)


@pytest.mark.parametrize("instance_type", ["t2.medium", "m6i.large", ""])
def test_what_is_in_the_price_or_ends_at_the_baseline_costs_no_more(instance_type: str) -> None:
    assert surplus_sentence(instance_type) == ""


def test_the_table_is_of_2026_or_later_and_of_a_day_that_was() -> None:
    assert TABLE_DATE[:4] >= "2026"
    assert datetime.date.fromisoformat(TABLE_DATE) <= datetime.date.today()


def test_current_families_are_known_where_most_people_begin() -> None:
    families = "t3 t3a t4g m6i m7i m8i m7g m8g c7i c8i r7i r8i r8g"
    for region in ("us-east-1", "us-west-2"):
        for family in families.split():
            assert table.hourly_price(f"{family}.xlarge", region) is not None, family
        for family in ("g4dn", "g5", "g6"):
            assert table.hourly_price(f"{family}.xlarge", region) is not None, family


def test_every_price_is_of_a_family_with_sizes() -> None:
    for region, prices in TABLE["regions"].items():
        assert prices["gp3_gib_month"] > 0, region
        assert set(prices["large"]) <= set(TABLE["families"]), region
        assert all(0.01 < price < 1 for price in prices["large"].values()), region
        assert all(
            re.fullmatch(r"[a-z0-9]+\.[a-z0-9]+", name) for name in prices.get("types", {})
        ), region
    sizes = {size for listed in TABLE["families"].values() for size in listed}
    assert sizes <= set(TABLE["sizes"])
    assert set(TABLE["same_as"].values()) <= set(TABLE["regions"])


def test_a_month_is_the_sum_of_its_parts() -> None:
    cost = Prices("us-east-1").monthly(
        "t3.medium", volumes_gib=50, snapshots_gib=10, hosted_zones=1
    )
    assert cost.instance == pytest.approx(30.368)
    assert dict(cost.items) == {
        "instance": pytest.approx(30.368),
        "volumes": pytest.approx(4.0),
        "snapshots": pytest.approx(0.5),
        "public address": pytest.approx(3.65),
        "hosted zone": pytest.approx(0.5),
    }
    assert cost.total == pytest.approx(39.018)
    assert in_dollars(cost.total) == "$39.02"


def test_what_there_is_none_of_costs_nothing_even_where_its_price_is_unknown() -> None:
    assert table.snapshot_price("eu-north-1") is None
    assert Prices("eu-north-1").monthly("t3.medium", volumes_gib=20).total is not None
    assert Prices("eu-north-1").monthly("t3.medium", snapshots_gib=20).total is None
