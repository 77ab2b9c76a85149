"""Prices come from AWS's price list where it tells them, and it is said which ones they are."""

import datetime
import json
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from botocore.exceptions import EndpointConnectionError

from workbench.prices import Prices
from workbench.prices import read_prices
from workbench.prices import table
from workbench.prices.kept_quotes import read_quotes

TODAY = datetime.date.today().isoformat()
OURS = f"workbench's own table of {table.TABLE_DATE}"


class PriceList:
    """AWS's price list, with these prices by instance type or usage type."""

    def __init__(
        self, prices: dict[str, float] | Exception, version: str = "20261101000000"
    ) -> None:
        self.prices, self.version = prices, version
        self.asked: list[str] = []
        self.regions: set[str] = set()

    def __call__(self, region: str) -> "PriceList":
        self.regions.add(region)
        return self

    def get_paginator(self, name: str) -> "PriceList":
        assert name == "get_products"
        return self

    def paginate(self, **request: Any) -> list[dict[str, Any]]:
        if isinstance(self.prices, Exception):
            raise self.prices
        fields = {each["Field"]: each["Value"] for each in request["Filters"]}
        assert fields["regionCode"] == "eu-west-1"
        name = (
            fields.get("instanceType")
            or {
                "Storage": "EU-EBS:VolumeUsage.gp3",
                "Storage Snapshot": "EU-EBS:SnapshotUsage",
                None: "EU-PublicIPv4:InUseAddress",
            }[fields.get("productFamily")]
        )
        self.asked.append(name)
        # What costs nothing, as a reservation's hours, isn't the price.
        dimensions = {
            key: {"pricePerUnit": {"USD": str(price)}}
            for key, price in (("a", 0.0), ("b", self.prices.get(name)))
            if price is not None
        }
        product = {
            "product": {"attributes": {"usagetype": name}},
            "terms": {"OnDemand": {"x": {"priceDimensions": dimensions}}},
            "version": self.version,
        }
        other = {"product": {"attributes": {"usagetype": "EU-EBS:SnapshotArchive"}}, "terms": {}}
        return [
            {"PriceList": [json.dumps(other)] if "Snapshot" in name else []},
            {"PriceList": [json.dumps(product)]},
        ]


LISTED = {
    "t3.medium": 0.05,
    "EU-EBS:VolumeUsage.gp3": 0.09,
    "EU-EBS:SnapshotUsage": 0.06,
    "EU-PublicIPv4:InUseAddress": 0.006,
}


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("WORKBENCH_CACHE_DIR", str(tmp_path))
    return tmp_path / "prices" / "eu-west-1.json"


def ask(listed: PriceList, *types: str, others: bool = True) -> Prices:
    return read_prices(listed, "eu-west-1", types, others=others)


def test_what_the_list_tells_counts_and_is_said_with_its_date() -> None:
    listed = PriceList(LISTED)
    prices = ask(listed, "t3.medium")
    cost = prices.monthly("t3.medium", volumes_gib=10, snapshots_gib=10)
    assert cost.total == pytest.approx(730 * 0.05 + 0.9 + 0.6 + 730 * 0.006)
    assert prices.source == f"AWS's price list, asked {TODAY}"
    # That of a hosted zone is the table's.
    assert prices.monthly("t3.medium", hosted_zones=1).hosted_zone == 0.5
    assert prices.source == f"AWS's price list, asked {TODAY}, and {OURS}"
    # The whole list answers in three regions alone.
    assert listed.regions == {"eu-central-1"}


def test_it_is_asked_again_after_a_week_alone(cache: Path) -> None:
    ask(PriceList(LISTED), "t3.medium")
    again = PriceList({**LISTED, "t3.medium": 0.07, "t3.large": 0.14})
    prices = ask(again, "t3.medium", "t3.large")
    assert again.asked == ["t3.large"]
    assert prices.hourly("t3.medium") == 0.05

    kept = json.loads(cache.read_text())
    then = (datetime.date.today() - datetime.timedelta(days=8)).isoformat()
    cache.write_text(json.dumps({**kept, "t3.medium": {"price": 0.05, "date": then}}))
    assert ask(again, "t3.medium").hourly("t3.medium") == 0.07
    # What was told last week is better than what came with the package.
    cache.write_text(json.dumps({**kept, "t3.medium": {"price": 0.05, "date": then}}))
    silent = PriceList(EndpointConnectionError(endpoint_url="https://api.pricing"))
    old = ask(silent, "t3.medium")
    assert (old.hourly("t3.medium"), old.source) == (0.05, f"AWS's price list, asked {then}")


@pytest.mark.parametrize(
    "error",
    [
        ClientError({"Error": {"Code": "AccessDeniedException"}}, "GetProducts"),
        EndpointConnectionError(endpoint_url="https://api.pricing"),
    ],
    ids=["denied", "silent"],
)
def test_without_it_the_table_counts_and_is_named(error: Exception, cache: Path) -> None:
    prices = ask(PriceList(error), "t3.medium")
    assert prices.hourly("t3.medium") == table.hourly_price("t3.medium", "eu-west-1")
    assert prices.source == OURS
    assert not cache.exists()


def test_both_are_named_where_both_were_told() -> None:
    prices = ask(PriceList({"t3.medium": 0.05}), "t3.medium", "m6i.large", "z9.large")
    assert prices.hourly("t3.medium") == 0.05
    assert prices.source == f"AWS's price list, asked {TODAY}"
    # Unknown to both: that isn't from anywhere.
    assert prices.hourly("z9.large") is None
    assert prices.source == f"AWS's price list, asked {TODAY}"
    assert prices.hourly("m6i.large") == table.hourly_price("m6i.large", "eu-west-1")
    assert prices.source == f"AWS's price list, asked {TODAY}, and {OURS}"


def test_another_lists_prices_are_labelled_and_not_kept(cache: Path) -> None:
    prices = ask(PriceList(LISTED, "a sample"), "t3.medium")
    assert prices.hourly("t3.medium") == 0.05
    assert prices.source == f"AWS's price list (a sample), asked {TODAY}"
    assert not cache.exists()


@pytest.mark.parametrize("content", ["", "[]", '{"t3.medium": 1}', "{"])
def test_a_damaged_cache_is_none(cache: Path, content: str) -> None:
    cache.parent.mkdir(parents=True)
    cache.write_text(content)
    assert read_quotes("eu-west-1") == {}
    assert ask(PriceList(LISTED), "t3.medium").hourly("t3.medium") == 0.05


@pytest.mark.parametrize("region", ["cn-north-1", "us-gov-west-1"])
def test_lists_in_other_money_or_for_others_are_not_asked(region: str) -> None:
    listed = PriceList(LISTED)
    assert read_prices(listed, region, ["t3.medium"]).hourly("t3.medium") is None
    assert not listed.regions
