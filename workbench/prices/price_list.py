"""AWS's price list, asked: what it doesn't tell, or who asks may not know, is left out."""

import datetime
import json
from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from workbench.errors import WorkbenchError

# A client of AWS's price list, in the region that it answers in.
Client = Callable[[str], Any]

# The price list of all regions answers in these three.
NEAR = {"eu": "eu-central-1", "il": "eu-central-1", "me": "ap-south-1", "ap": "ap-south-1"}
ELSEWHERE = "us-east-1"
# These have lists of their own, in another currency or for other accounts.
OTHER_LISTS = ("cn-", "us-gov-", "us-iso", "eu-isoe", "eusc-")
GP3, SNAPSHOT, ADDRESS = "gp3", "snapshot", "address"
_OTHERS = {
    GP3: ("AmazonEC2", {"volumeApiName": "gp3", "productFamily": "Storage"}, "VolumeUsage.gp3"),
    SNAPSHOT: ("AmazonEC2", {"productFamily": "Storage Snapshot"}, "EBS:SnapshotUsage"),
    ADDRESS: ("AmazonVPC", {"group": "VPCPublicIPv4Address"}, "PublicIPv4:InUseAddress"),
}
# Linux on hardware shared with others, paid by the hour.
_SERVER = {
    "operatingSystem": "Linux",
    "tenancy": "Shared",
    "preInstalledSw": "NA",
    "capacitystatus": "Used",
}
_AT_ONCE = 6


@dataclass(frozen=True)
class Quote:
    """A price in US dollars, and the day it was asked for (YYYY-MM-DD).

    ``label`` is set where it isn't AWS who answered.
    """

    price: float
    date: str
    label: str = ""


def answering_region(region: str) -> str | None:
    """Return the region to ask about another's prices in; None where the list has none of them."""
    if region.startswith(OTHER_LISTS):
        return None
    return NEAR.get(region.partition("-")[0], ELSEWHERE)


def ask(client: Client, region: str, wanted: Iterable[str]) -> dict[str, Quote]:
    """Return the quotes for instance types, and for GP3, SNAPSHOT and ADDRESS, of a region."""
    from botocore.exceptions import BotoCoreError
    from botocore.exceptions import ClientError

    place = answering_region(region)
    if place is None:
        return {}

    def one(name: str) -> tuple[str, Quote | None]:
        try:
            return name, _ask(pricing, region, name)
        except (BotoCoreError, ClientError, ValueError, LookupError, TypeError):
            # Most often it isn't allowed to who asks, or there is no network.
            return name, None

    try:
        pricing = client(place)
    except (BotoCoreError, WorkbenchError):
        # Such as roles to assume, which what changes something refuses in its own words.
        return {}
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        return {name: quote for name, quote in pool.map(one, wanted) if quote is not None}


def _ask(pricing: Any, region: str, name: str) -> Quote | None:
    service, fields, usage = _OTHERS.get(name, ("AmazonEC2", {**_SERVER, "instanceType": name}, ""))
    filters = [
        {"Type": "TERM_MATCH", "Field": field, "Value": value}
        for field, value in {**fields, "regionCode": region}.items()
    ]
    pages = pricing.get_paginator("get_products").paginate(ServiceCode=service, Filters=filters)
    for page in pages:
        for text in page["PriceList"]:
            product = json.loads(text)
            if product["product"]["attributes"].get("usagetype", "").endswith(usage):
                found = next(_prices(product), None)
                if found is not None:
                    return Quote(found, datetime.date.today().isoformat(), _label(product))
    return None


def _prices(product: dict[str, Any]) -> Iterator[float]:
    for term in product["terms"]["OnDemand"].values():
        for dimension in term["priceDimensions"].values():
            price = float(dimension["pricePerUnit"]["USD"])
            if price > 0:
                yield price


def _label(product: dict[str, Any]) -> str:
    # AWS's own versions are times, in digits alone.
    version = str(product.get("version", ""))
    return "" if version.isdigit() else version
