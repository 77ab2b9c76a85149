"""What a stack's resources cost, as the budget's rule and a pipeline's report count it."""

from collections.abc import Iterable
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

from pulumi_policy import PolicyResource
from pulumi_policy.proxy import UnknownValueError

from workbench.prices import HOURS_PER_MONTH
from workbench.prices import IMAGE_GIB
from workbench.prices import sum_of
from workbench.prices.table import address_price
from workbench.prices.table import endpoint_price
from workbench.prices.table import gp3_price
from workbench.prices.table import hourly_price
from workbench.prices.table import load_balancer_price
from workbench.prices.table import nat_gateway_price

INSTANCE = "aws:ec2/instance:Instance"
VOLUME = "aws:ebs/volume:Volume"
ADDRESS = "aws:ec2/eip:Eip"
ASSOCIATION = "aws:ec2/eipAssociation:EipAssociation"
NAT_GATEWAY = "aws:ec2/natGateway:NatGateway"
LOAD_BALANCER = "aws:lb/loadBalancer:LoadBalancer"
ENDPOINT = "aws:ec2/vpcEndpoint:VpcEndpoint"
PRICED = (INSTANCE, VOLUME, ADDRESS, NAT_GATEWAY, LOAD_BALANCER, ENDPOINT)

# AWS takes no load balancer with fewer subnets, and no endpoint with none.
_BALANCER_ZONES = 2
_ENDPOINT_ZONES = 1


def monthly_price(kind: str, props: Mapping[str, Any], region: str) -> tuple[str, float | None]:
    """Return what a resource of Pulumi's type ``kind`` is, and its list price.

    The price is in US dollars a month; 0 for all that isn't in ``PRICED``, None where nobody
    knows it. What is paid by use, such as traffic, isn't in it.
    """
    if kind == INSTANCE:
        return str(props.get("instanceType")), _instance(props, region)
    if kind == VOLUME:
        return "volumes", _times(gp3_price(region), float(props.get("size") or 0))
    if kind == ADDRESS:
        return "public addresses", _hours(address_price(region))
    if kind == NAT_GATEWAY:
        # Its address is a resource of its own.
        return "NAT gateways", _hours(nat_gateway_price(region))
    if kind == LOAD_BALANCER:
        return _load_balancer(props, region)
    if kind == ENDPOINT:
        return _endpoint(props, region)
    return "", 0.0


def region_of(resources: Iterable[PolicyResource]) -> str:
    """Return the region of what has a price in the stack; empty if it isn't known."""
    for each in resources:
        if each.resource_type in PRICED:
            provider = each.provider.props if each.provider else {}
            zone = _known(each.props, "availabilityZone").rstrip("abcdef")
            found = _known(each.props, "region") or _known(provider, "region") or zone
            if found:
                return found
    return ""


def stack_prices(
    resources: Sequence[PolicyResource], region: str
) -> list[tuple[str, float | None]]:
    """Return ``monthly_price`` of each of a stack's resources, no address counted twice."""
    prices = [monthly_price(each.resource_type, each.props, region) for each in resources]
    # AWS says of an instance with an Elastic IP, too, that it has a public address.
    associated = sum(each.resource_type == ASSOCIATION for each in resources)
    addressed = sum(each.resource_type == INSTANCE and _has_own(each.props) for each in resources)
    twice = _hours(address_price(region), -min(associated, addressed))
    return [*prices, ("public addresses", twice)] if associated and addressed else prices


def _instance(props: Mapping[str, Any], region: str) -> float | None:
    hourly = hourly_price(str(props.get("instanceType")), region)
    address = _hours(address_price(region)) if _has_own(props) else 0.0
    return sum_of([_hours(hourly), _times(gp3_price(region), _own_disks(props)), address])


def _has_own(instance: Mapping[str, Any]) -> bool:
    """Whether an instance comes with a public address; an Elastic IP is a resource of its own."""
    return _known(instance, "associatePublicIpAddress") == "True"


def _own_disks(instance: Mapping[str, Any]) -> float:
    """Return the GiB of the disks that come with an instance."""
    try:
        root = instance.get("rootBlockDevice") or {}
        others = instance.get("ebsBlockDevices") or []
        sizes = [each.get("volumeSize") for each in (root, *others)]
        return sum(float(size or IMAGE_GIB) for size in sizes)
    except UnknownValueError:
        return IMAGE_GIB


def _load_balancer(props: Mapping[str, Any], region: str) -> tuple[str, float | None]:
    kind = _known(props, "loadBalancerType") or "application"
    if kind != "application":
        return f"{kind} load balancers", None
    # One address in each zone, which AWS makes, and asks for as for any other.
    zones = 0 if _known(props, "internal") == "True" else _count(props, "subnets", _BALANCER_ZONES)
    addresses = _hours(address_price(region), zones)
    return "load balancers", sum_of([_hours(load_balancer_price(region)), addresses])


def _endpoint(props: Mapping[str, Any], region: str) -> tuple[str, float | None]:
    kind = _known(props, "vpcEndpointType") or "Gateway"
    if kind == "Gateway":
        return "", 0.0
    if kind != "Interface":
        return f"{kind} endpoints", None
    zones = _count(props, "subnetIds", _ENDPOINT_ZONES)
    return "interface endpoints", _hours(endpoint_price(region), zones)


def _count(props: Mapping[str, Any], key: str, least: int) -> int:
    """Return how many a list has; the least that AWS takes where a preview can't know it."""
    try:
        given = props.get(key)
    except UnknownValueError:
        return least
    # What isn't known is a text in the engine's events.
    return least if not given or isinstance(given, str) else len(given)


def _hours(hourly: float | None, amount: float = 1) -> float | None:
    return _times(hourly, amount * HOURS_PER_MONTH)


def _times(price: float | None, amount: float) -> float | None:
    return None if price is None else price * amount


def _known(props: Mapping[str, Any], key: str) -> str:
    """Return a property's text; empty where a preview can't know it."""
    try:
        return str(props.get(key) or "")
    except UnknownValueError:
        return ""
