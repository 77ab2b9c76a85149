"""Route tables, and their associations with subnets."""

from .cloud import Cloud
from .resource import Calls
from .resource import Change
from .resource import ResourceType
from .resource import names
from .routes import describe_table
from .tags import read_tags
from .tags import tag_specifications
from .tags import update_ec2_tags
from .values import Properties


def create_table(cloud: Cloud, inputs: Properties) -> str:
    """Create a route table."""
    table = cloud.client("ec2").create_route_table(
        VpcId=inputs["vpcId"], TagSpecifications=tag_specifications("route-table", inputs)
    )
    return str(table["RouteTable"]["RouteTableId"])


def read_table(cloud: Cloud, identifier: str, state: Properties) -> Properties | None:
    """Read a route table."""
    table = describe_table(cloud, identifier)
    return {
        "arn": cloud.arn("ec2", f"route-table/{identifier}"),
        "vpcId": table["VpcId"],
        "ownerId": table.get("OwnerId"),
        **read_tags(cloud, table.get("Tags"), state),
    }


def update_table(cloud: Cloud, identifier: str, change: Change) -> None:
    """Change a route table's tags."""
    update_ec2_tags(cloud, identifier, change)


def delete_table(cloud: Cloud, identifier: str, state: Properties) -> None:
    """Delete a route table with the associations it still has."""
    ec2 = cloud.client("ec2")
    for association in describe_table(cloud, identifier).get("Associations", []):
        if not association.get("Main"):
            ec2.disassociate_route_table(AssociationId=association["RouteTableAssociationId"])
    ec2.delete_route_table(RouteTableId=identifier)


def create_association(cloud: Cloud, inputs: Properties) -> str:
    """Associate a route table with a subnet."""
    answer = cloud.client("ec2").associate_route_table(
        RouteTableId=inputs["routeTableId"], SubnetId=inputs["subnetId"]
    )
    return str(answer["AssociationId"])


def update_association(cloud: Cloud, identifier: str, change: Change) -> None:
    """Associate the subnet with another table, at once; EC2 gives the association another id."""
    found = _find_association(cloud, identifier, change.state)
    if found is None:
        create_association(cloud, change.new)
    else:
        cloud.client("ec2").replace_route_table_association(
            AssociationId=found, RouteTableId=change.new["routeTableId"]
        )


def _find_association(cloud: Cloud, identifier: str, state: Properties) -> str | None:
    """Return an association's id as it is now: the engine keeps the first one."""
    ways = {"association.route-table-association-id": identifier}
    if state.get("subnetId"):
        ways["association.subnet-id"] = state["subnetId"]
    for name, value in ways.items():
        wanted = [{"Name": name, "Values": [value]}]
        for table in cloud.client("ec2").describe_route_tables(Filters=wanted)["RouteTables"]:
            ours = table["RouteTableId"] == state.get("routeTableId")
            for association in table.get("Associations", []):
                number = str(association["RouteTableAssociationId"])
                if number == identifier or (ours and association.get("SubnetId") == value):
                    return number
    return None


def read_association(cloud: Cloud, identifier: str, state: Properties) -> Properties | None:
    """Read an association; an import's id is "SUBNET/TABLE"."""
    subnet, _, table = identifier.partition("/")
    if not table:
        identifier = _find_association(cloud, identifier, state) or identifier
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
    found = _find_association(cloud, identifier, state)
    if found is not None:
        cloud.client("ec2").disassociate_route_table(AssociationId=found)


ROUTE_TABLE = ResourceType(
    type="aws:ec2/routeTable:RouteTable",
    calls=Calls(create_table, read_table, delete_table, update_table),
    inputs=names("vpcId"),
    required=names("vpcId"),
    computed=names("arn ownerId"),
    replaces=names("vpcId"),
    tags=True,
)


ROUTE_TABLE_ASSOCIATION = ResourceType(
    type="aws:ec2/routeTableAssociation:RouteTableAssociation",
    calls=Calls(create_association, read_association, delete_association, update_association),
    inputs=names("routeTableId subnetId"),
    required=names("routeTableId"),
    required_one=(names("subnetId"),),
    replaces=names("subnetId"),
    delete_before_replace=True,
)

ROWS = (ROUTE_TABLE, ROUTE_TABLE_ASSOCIATION)
