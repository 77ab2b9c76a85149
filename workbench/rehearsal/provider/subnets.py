"""Subnets."""

from .cloud import Cloud
from .resource import Calls
from .resource import Change
from .resource import ResourceType
from .resource import names
from .tags import read_tags
from .tags import tag_specifications
from .tags import update_ec2_tags
from .values import Properties


def create_subnet(cloud: Cloud, inputs: Properties) -> str:
    """Create a subnet."""
    wanted = {
        "AvailabilityZone": inputs.get("availabilityZone"),
        "AvailabilityZoneId": inputs.get("availabilityZoneId"),
    }
    subnet = cloud.client("ec2").create_subnet(
        VpcId=inputs["vpcId"],
        CidrBlock=inputs["cidrBlock"],
        TagSpecifications=tag_specifications("subnet", inputs),
        **{key: value for key, value in wanted.items() if value},
    )["Subnet"]
    return str(subnet["SubnetId"])


def settle_subnet(cloud: Cloud, identifier: str, inputs: Properties) -> None:
    """Wait for a subnet and set whether instances get a public address."""
    ec2 = cloud.client("ec2")
    cloud.wait(
        f"subnet {identifier} to become available",
        lambda: ec2.describe_subnets(SubnetIds=[identifier])["Subnets"][0]["State"] == "available",
    )
    if inputs.get("mapPublicIpOnLaunch"):
        ec2.modify_subnet_attribute(SubnetId=identifier, MapPublicIpOnLaunch={"Value": True})


def read_subnet(cloud: Cloud, identifier: str, state: Properties) -> Properties | None:
    """Read a subnet."""
    subnet = cloud.client("ec2").describe_subnets(SubnetIds=[identifier])["Subnets"][0]
    return {
        "arn": subnet.get("SubnetArn") or cloud.arn("ec2", f"subnet/{identifier}"),
        "ownerId": subnet.get("OwnerId"),
        "vpcId": subnet["VpcId"],
        "cidrBlock": subnet["CidrBlock"],
        "availabilityZone": subnet["AvailabilityZone"],
        "availabilityZoneId": subnet.get("AvailabilityZoneId"),
        "mapPublicIpOnLaunch": subnet.get("MapPublicIpOnLaunch", False),
        **read_tags(cloud, subnet.get("Tags"), state),
    }


def update_subnet(cloud: Cloud, identifier: str, change: Change) -> None:
    """Change a subnet's public addresses and tags."""
    update_ec2_tags(cloud, identifier, change)
    if "mapPublicIpOnLaunch" in change:
        value = bool(change.new.get("mapPublicIpOnLaunch", False))
        cloud.client("ec2").modify_subnet_attribute(
            SubnetId=identifier, MapPublicIpOnLaunch={"Value": value}
        )


def delete_subnet(cloud: Cloud, identifier: str, state: Properties) -> None:
    """Delete a subnet."""
    cloud.client("ec2").delete_subnet(SubnetId=identifier)


SUBNET = ResourceType(
    type="aws:ec2/subnet:Subnet",
    calls=Calls(create_subnet, read_subnet, delete_subnet, update_subnet, settle_subnet),
    inputs=names("availabilityZone availabilityZoneId cidrBlock mapPublicIpOnLaunch vpcId"),
    required=names("vpcId"),
    needed=names("cidrBlock"),
    empty=names("ipv6CidrBlockAssociationId"),
    computed=names("arn ownerId"),
    chosen=names("availabilityZone availabilityZoneId"),
    replaces=names("availabilityZone availabilityZoneId cidrBlock vpcId"),
    defaults={"mapPublicIpOnLaunch": False},
    tags=True,
)

ROWS = (SUBNET,)
