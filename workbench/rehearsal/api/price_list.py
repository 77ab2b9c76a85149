"""A few prices in the form of AWS's price list, which moto has none of; labelled as what they are.

They let the question be asked, and its answer be read, by the same code as on AWS. What isn't here
is answered as AWS answers what it doesn't sell: by an empty list.
"""

import json
from collections.abc import Iterator
from typing import Any

from werkzeug.wrappers import Response

# In the place of AWS's version, which is a time: who reads it shows that.
LABEL = "a rehearsal's sample"
SIGNED = "/pricing/aws4_request"
_TARGET = "AWSPriceListService.GetProducts"
_REGION = "us-east-1"
_TYPES = {
    "t3.medium": 0.0416,
    "t3.large": 0.0832,
    "t3.xlarge": 0.1664,
    "m6i.large": 0.096,
    "m6i.2xlarge": 0.384,
}
# Usage type, what it can be found by, unit, price.
_OTHERS = (
    ("EBS:VolumeUsage.gp3", {"volumeApiName": "gp3", "productFamily": "Storage"}, "GB-Mo", 0.08),
    ("EBS:SnapshotUsage", {"productFamily": "Storage Snapshot"}, "GB-Mo", 0.05),
    ("PublicIPv4:InUseAddress", {"group": "VPCPublicIPv4Address"}, "Hrs", 0.005),
)


def answer(target: str, body: bytes) -> Response:
    """Answer GetProducts; another call is none that is known here."""
    if target != _TARGET:
        refused = {"__type": "InvalidParameterException", "message": f"{target} isn't known here"}
        return _response(refused, 400)
    asked = {each["Field"]: each["Value"] for each in json.loads(body).get("Filters", [])}
    found = [json.dumps(each) for each in _products() if _fits(each, asked)]
    return _response({"FormatVersion": "aws_v1", "PriceList": found}, 200)


def _fits(product: dict[str, Any], asked: dict[str, str]) -> bool:
    described = product["product"]
    facts = {**described["attributes"], "productFamily": described["productFamily"]}
    return all(facts.get(field) == value for field, value in asked.items())


def _products() -> Iterator[dict[str, Any]]:
    for name, price in _TYPES.items():
        facts = {
            "instanceType": name,
            "operatingSystem": "Linux",
            "tenancy": "Shared",
            "preInstalledSw": "NA",
            "capacitystatus": "Used",
            "productFamily": "Compute Instance",
        }
        yield _product(f"BoxUsage:{name}", facts, "Hrs", price)
    for usage, facts, unit, price in _OTHERS:
        yield _product(usage, facts, unit, price)


def _product(usage: str, facts: dict[str, str], unit: str, price: float) -> dict[str, Any]:
    dimension = {"unit": unit, "pricePerUnit": {"USD": f"{price:.10f}"}}
    return {
        "product": {
            "productFamily": facts.get("productFamily", "IP Address"),
            "attributes": {**facts, "usagetype": usage, "regionCode": _REGION},
        },
        "terms": {"OnDemand": {"1": {"priceDimensions": {"1": dimension}}}},
        "version": LABEL,
    }


def _response(content: dict[str, Any], status: int) -> Response:
    return Response(json.dumps(content), status, {"Content-Type": "application/x-amz-json-1.1"})
