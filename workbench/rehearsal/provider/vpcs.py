"""VPCs."""

from typing import Any

from .cloud import Cloud
from .resource import Calls
from .resource import Change
from .resource import ResourceType
from .resource import names
from .tags import read_tags
from .tags import tag_specifications
from .tags import update_ec2_tags
from .values import Properties


def create_vpc(cloud: Cloud, inputs: Properties) -> str:
    """Create a VPC."""
    vpc = cloud.client("ec2").create_vpc(
        CidrBlock=inputs["cidrBlock"],
        InstanceTenancy=inputs.get("instanceTenancy", "default"),
        TagSpecifications=tag_specifications("vpc", inputs),
    )["Vpc"]
    return str(vpc["VpcId"])


def settle_vpc(cloud: Cloud, identifier: str, inputs: Properties) -> None:
    """Wait for a VPC and set its DNS attributes."""
    ec2 = cloud.client("ec2")
    cloud.wait(
        f"VPC {identifier} to become available",
        lambda: ec2.describe_vpcs(VpcIds=[identifier])["Vpcs"][0]["State"] == "available",
    )
    _set_dns(ec2, identifier, inputs)


def _set_dns(ec2: Any, identifier: str, inputs: Properties) -> None:
    # One attribute a call: EC2 refuses two.
    ec2.modify_vpc_attribute(
        VpcId=identifier, EnableDnsSupport={"Value": inputs.get("enableDnsSupport", True)}
    )
    ec2.modify_vpc_attribute(
        VpcId=identifier, EnableDnsHostnames={"Value": inputs.get("enableDnsHostnames", False)}
    )


def read_vpc(cloud: Cloud, identifier: str, state: Properties) -> Properties | None:
    """Read a VPC and the objects that came with it."""
    ec2 = cloud.client("ec2")
    vpc = ec2.describe_vpcs(VpcIds=[identifier])["Vpcs"][0]
    own = [{"Name": "vpc-id", "Values": [identifier]}]
    tables = ec2.describe_route_tables(
        Filters=[*own, {"Name": "association.main", "Values": ["true"]}]
    )["RouteTables"]
    lists = ec2.describe_network_acls(Filters=[*own, {"Name": "default", "Values": ["true"]}])[
        "NetworkAcls"
    ]
    groups = ec2.describe_security_groups(
        Filters=[*own, {"Name": "group-name", "Values": ["default"]}]
    )["SecurityGroups"]
    main = tables[0]["RouteTableId"] if tables else None
    return {
        "arn": cloud.arn("ec2", f"vpc/{identifier}"),
        "ownerId": vpc.get("OwnerId"),
        "cidrBlock": vpc["CidrBlock"],
        "instanceTenancy": vpc.get("InstanceTenancy"),
        "dhcpOptionsId": vpc.get("DhcpOptionsId"),
        "mainRouteTableId": main,
        "defaultRouteTableId": state.get("defaultRouteTableId", main),
        "defaultNetworkAclId": lists[0]["NetworkAclId"] if lists else None,
        "defaultSecurityGroupId": groups[0]["GroupId"] if groups else None,
        "enableDnsSupport": _attribute(ec2, identifier, "enableDnsSupport"),
        "enableDnsHostnames": _attribute(ec2, identifier, "enableDnsHostnames"),
        **read_tags(cloud, vpc.get("Tags"), state),
    }


def _attribute(ec2: Any, identifier: str, name: str) -> bool:
    answer = ec2.describe_vpc_attribute(VpcId=identifier, Attribute=name)
    return bool(answer[f"{name[0].upper()}{name[1:]}"]["Value"])


def update_vpc(cloud: Cloud, identifier: str, change: Change) -> None:
    """Change a VPC's DNS attributes and tags."""
    update_ec2_tags(cloud, identifier, change)
    if change.any_of("enableDnsSupport", "enableDnsHostnames"):
        _set_dns(cloud.client("ec2"), identifier, change.new)


def delete_vpc(cloud: Cloud, identifier: str, state: Properties) -> None:
    """Delete a VPC."""
    cloud.client("ec2").delete_vpc(VpcId=identifier)


VPC = ResourceType(
    type="aws:ec2/vpc:Vpc",
    calls=Calls(create_vpc, read_vpc, delete_vpc, update_vpc, settle_vpc),
    inputs=names("cidrBlock enableDnsHostnames enableDnsSupport instanceTenancy"),
    needed=names("cidrBlock"),
    empty=names("ipv6AssociationId"),
    computed=names(
        "arn ownerId dhcpOptionsId mainRouteTableId defaultRouteTableId "
        "defaultNetworkAclId defaultSecurityGroupId"
    ),
    chosen=names("enableDnsHostnames"),
    replaces=names("cidrBlock instanceTenancy"),
    defaults={"enableDnsSupport": True, "instanceTenancy": "default"},
    tags=True,
)

ROWS = (VPC,)
