"""Routes that are resources of their own."""

import zlib
from typing import Any

from .cloud import Cloud
from .failures import ProviderError
from .resource import Calls
from .resource import Change
from .resource import ResourceType
from .resource import names
from .values import Properties

# The schema's name of a route's target → EC2's.
TARGETS = {
    "gatewayId": "GatewayId",
    "natGatewayId": "NatGatewayId",
    "networkInterfaceId": "NetworkInterfaceId",
    "vpcEndpointId": "VpcEndpointId",
    "transitGatewayId": "TransitGatewayId",
    "egressOnlyGatewayId": "EgressOnlyInternetGatewayId",
    "vpcPeeringConnectionId": "VpcPeeringConnectionId",
}


def target_of(route: Properties) -> dict[str, str]:
    """Return a route's target as EC2 names it."""
    return {theirs: route[ours] for ours, theirs in TARGETS.items() if route.get(ours)}


def describe_table(cloud: Cloud, identifier: str) -> dict[str, Any]:
    """Return EC2's description of a route table; raise ClientError when there is none."""
    answer = cloud.client("ec2").describe_route_tables(RouteTableIds=[identifier])
    table: dict[str, Any] = answer["RouteTables"][0]
    return table


def create_route(cloud: Cloud, inputs: Properties) -> str:
    """Create a route; its id is made of its table and its destination."""
    table, destination = inputs["routeTableId"], inputs["destinationCidrBlock"]
    if _find_route(cloud, table, destination):
        raise ProviderError(
            f"Route table {table} already has a route to {destination}.",
            "Remove one of the two from the program.",
        )
    cloud.client("ec2").create_route(
        RouteTableId=table, DestinationCidrBlock=destination, **target_of(inputs)
    )
    return f"r-{table}{zlib.crc32(destination.encode())}"


def _find_route(cloud: Cloud, table: str, destination: str) -> dict[str, Any] | None:
    found: list[dict[str, Any]] = [
        route
        for route in describe_table(cloud, table)["Routes"]
        if route.get("DestinationCidrBlock") == destination and route.get("GatewayId") != "local"
    ]
    return found[0] if found else None


def read_route(cloud: Cloud, identifier: str, state: Properties) -> Properties | None:
    """Read a route; an import's id is "TABLE_DESTINATION"."""
    table, destination = state.get("routeTableId"), state.get("destinationCidrBlock")
    if not table or not destination:
        table, _, destination = identifier.partition("_")
    route = _find_route(cloud, table, destination)
    if route is None:
        return None
    return {
        "routeTableId": table,
        "destinationCidrBlock": destination,
        "state": route.get("State"),
        "origin": route.get("Origin"),
        **{ours: route.get(theirs) or None for ours, theirs in TARGETS.items()},
    }


def update_route(cloud: Cloud, identifier: str, change: Change) -> None:
    """Point a route to another target."""
    cloud.client("ec2").replace_route(
        RouteTableId=change.new["routeTableId"],
        DestinationCidrBlock=change.new["destinationCidrBlock"],
        **target_of(change.new),
    )


def delete_route(cloud: Cloud, identifier: str, state: Properties) -> None:
    """Delete a route."""
    cloud.client("ec2").delete_route(
        RouteTableId=state["routeTableId"], DestinationCidrBlock=state["destinationCidrBlock"]
    )


ROUTE = ResourceType(
    type="aws:ec2/route:Route",
    calls=Calls(create_route, read_route, delete_route, update_route),
    inputs=frozenset(TARGETS) | names("routeTableId destinationCidrBlock"),
    required=names("routeTableId"),
    needed=names("destinationCidrBlock"),
    computed=names("origin state instanceId instanceOwnerId"),
    replaces=names("routeTableId destinationCidrBlock"),
)
ROWS = (ROUTE,)
