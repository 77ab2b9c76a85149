"""Route tables, routes and their associations with subnets."""

import zlib
from typing import Any

from .cloud import Cloud
from .failures import ProviderError
from .resource import Calls
from .resource import Change
from .resource import ResourceType
from .resource import names
from .tags import read_tags
from .tags import tag_specifications
from .tags import update_ec2_tags
from .values import Properties

# The schema's name of a route's target → EC2's; in a route table's own list they differ from a
# route resource's only by "cidrBlock" for the destination.
TARGETS = {
    "gatewayId": "GatewayId",
    "natGatewayId": "NatGatewayId",
    "networkInterfaceId": "NetworkInterfaceId",
    "vpcEndpointId": "VpcEndpointId",
    "transitGatewayId": "TransitGatewayId",
    "egressOnlyGatewayId": "EgressOnlyInternetGatewayId",
    "vpcPeeringConnectionId": "VpcPeeringConnectionId",
}


def create_table(cloud: Cloud, inputs: Properties) -> str:
    """Create a route table."""
    table = cloud.client("ec2").create_route_table(
        VpcId=inputs["vpcId"], TagSpecifications=tag_specifications("route-table", inputs)
    )
    return str(table["RouteTable"]["RouteTableId"])


def settle_table(cloud: Cloud, identifier: str, inputs: Properties) -> None:
    """Make the routes that a route table lists itself."""
    present = {route["cidrBlock"] for route in _listed_routes(_describe(cloud, identifier))}
    for route in inputs.get("routes", []):
        if route["cidrBlock"] not in present:
            _create_listed(cloud, identifier, route)


def _create_listed(cloud: Cloud, identifier: str, route: Properties) -> None:
    cloud.client("ec2").create_route(
        RouteTableId=identifier, DestinationCidrBlock=route["cidrBlock"], **_target(route)
    )


def _target(route: Properties) -> dict[str, str]:
    return {theirs: route[ours] for ours, theirs in TARGETS.items() if route.get(ours)}


def _describe(cloud: Cloud, identifier: str) -> dict[str, Any]:
    answer = cloud.client("ec2").describe_route_tables(RouteTableIds=[identifier])
    table: dict[str, Any] = answer["RouteTables"][0]
    return table


def _listed_routes(table: dict[str, Any]) -> list[Properties]:
    return [
        {
            "cidrBlock": route["DestinationCidrBlock"],
            **{ours: route[theirs] for ours, theirs in TARGETS.items() if route.get(theirs)},
        }
        for route in table["Routes"]
        if route.get("GatewayId") != "local" and route.get("DestinationCidrBlock")
    ]


def read_table(cloud: Cloud, identifier: str, state: Properties) -> Properties | None:
    """Read a route table."""
    table = _describe(cloud, identifier)
    return {
        "arn": cloud.arn("ec2", f"route-table/{identifier}"),
        "vpcId": table["VpcId"],
        "ownerId": table.get("OwnerId"),
        "routes": _listed_routes(table),
        **read_tags(cloud, table.get("Tags"), state),
    }


def update_table(cloud: Cloud, identifier: str, change: Change) -> None:
    """Change a route table's own routes and tags."""
    update_ec2_tags(cloud, identifier, change)
    if "routes" not in change:
        return
    wanted = change.new.get("routes", [])
    for route in _listed_routes(_describe(cloud, identifier)):
        if not any(_same_route(route, other) for other in wanted):
            cloud.client("ec2").delete_route(
                RouteTableId=identifier, DestinationCidrBlock=route["cidrBlock"]
            )
    settle_table(cloud, identifier, change.new)


def _same_route(one: Properties, other: Properties) -> bool:
    return one["cidrBlock"] == other["cidrBlock"] and _target(one) == _target(other)


def delete_table(cloud: Cloud, identifier: str, state: Properties) -> None:
    """Delete a route table with the associations it still has."""
    ec2 = cloud.client("ec2")
    for association in _describe(cloud, identifier).get("Associations", []):
        if not association.get("Main"):
            ec2.disassociate_route_table(AssociationId=association["RouteTableAssociationId"])
    ec2.delete_route_table(RouteTableId=identifier)


def unordered_routes(routes: Any) -> Any:
    """Return a route list in one order and without empty targets."""
    return sorted((route["cidrBlock"], sorted(_target(route).items())) for route in routes or [])


def create_route(cloud: Cloud, inputs: Properties) -> str:
    """Create a route; its id is made of its table and its destination."""
    table, destination = inputs["routeTableId"], inputs["destinationCidrBlock"]
    if _find_route(cloud, table, destination):
        raise ProviderError(
            f"Route table {table} already has a route to {destination}.",
            "Remove one of the two from the program.",
        )
    cloud.client("ec2").create_route(
        RouteTableId=table, DestinationCidrBlock=destination, **_target(inputs)
    )
    return f"r-{table}{zlib.crc32(destination.encode())}"


def _find_route(cloud: Cloud, table: str, destination: str) -> dict[str, Any] | None:
    found: list[dict[str, Any]] = [
        route
        for route in _describe(cloud, table)["Routes"]
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
        **_target(change.new),
    )


def delete_route(cloud: Cloud, identifier: str, state: Properties) -> None:
    """Delete a route."""
    cloud.client("ec2").delete_route(
        RouteTableId=state["routeTableId"], DestinationCidrBlock=state["destinationCidrBlock"]
    )


def create_association(cloud: Cloud, inputs: Properties) -> str:
    """Associate a route table with a subnet."""
    answer = cloud.client("ec2").associate_route_table(
        RouteTableId=inputs["routeTableId"], SubnetId=inputs["subnetId"]
    )
    return str(answer["AssociationId"])


def read_association(cloud: Cloud, identifier: str, state: Properties) -> Properties | None:
    """Read an association; an import's id is "SUBNET/TABLE"."""
    subnet, _, table = identifier.partition("/")
    name, value = (
        ("association.subnet-id", subnet)
        if table
        else ("association.route-table-association-id", identifier)
    )
    answer = cloud.client("ec2").describe_route_tables(Filters=[{"Name": name, "Values": [value]}])
    for found in answer["RouteTables"]:
        for association in found.get("Associations", []):
            if value in (association["RouteTableAssociationId"], association.get("SubnetId")):
                return {
                    "routeTableId": found["RouteTableId"],
                    "subnetId": association.get("SubnetId"),
                }
    return None


def delete_association(cloud: Cloud, identifier: str, state: Properties) -> None:
    """Remove an association."""
    cloud.client("ec2").disassociate_route_table(AssociationId=identifier)


ROUTE_TABLE = ResourceType(
    type="aws:ec2/routeTable:RouteTable",
    calls=Calls(create_table, read_table, delete_table, update_table, settle_table),
    inputs=names("routes vpcId"),
    required=names("vpcId"),
    computed=names("arn ownerId"),
    chosen=names("routes"),
    replaces=names("vpcId"),
    normalise={"routes": unordered_routes},
    tags=True,
)
ROUTE = ResourceType(
    type="aws:ec2/route:Route",
    calls=Calls(create_route, read_route, delete_route, update_route),
    inputs=frozenset(TARGETS) | names("routeTableId destinationCidrBlock"),
    required=names("routeTableId destinationCidrBlock"),
    computed=names("origin state instanceId instanceOwnerId"),
    replaces=names("routeTableId destinationCidrBlock"),
)
ROUTE_TABLE_ASSOCIATION = ResourceType(
    type="aws:ec2/routeTableAssociation:RouteTableAssociation",
    calls=Calls(create_association, read_association, delete_association),
    inputs=names("routeTableId subnetId"),
    required=names("routeTableId subnetId"),
    delete_before_replace=True,
)
ROWS = (ROUTE_TABLE, ROUTE, ROUTE_TABLE_ASSOCIATION)
