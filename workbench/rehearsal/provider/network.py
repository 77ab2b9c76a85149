"""VPCs, subnets and internet gateways."""

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


def create_gateway(cloud: Cloud, inputs: Properties) -> str:
    """Create an internet gateway."""
    gateway = cloud.client("ec2").create_internet_gateway(
        TagSpecifications=tag_specifications("internet-gateway", inputs)
    )["InternetGateway"]
    return str(gateway["InternetGatewayId"])


def settle_gateway(cloud: Cloud, identifier: str, inputs: Properties) -> None:
    """Attach an internet gateway to its VPC."""
    vpc = inputs.get("vpcId")
    if vpc and vpc != _attached_to(_describe_gateway(cloud, identifier)):
        cloud.client("ec2").attach_internet_gateway(InternetGatewayId=identifier, VpcId=vpc)


def _describe_gateway(cloud: Cloud, identifier: str) -> dict[str, Any]:
    answer = cloud.client("ec2").describe_internet_gateways(InternetGatewayIds=[identifier])
    gateway: dict[str, Any] = answer["InternetGateways"][0]
    return gateway


def _attached_to(gateway: dict[str, Any]) -> str | None:
    attachments = gateway.get("Attachments") or []
    return attachments[0]["VpcId"] if attachments else None


def read_gateway(cloud: Cloud, identifier: str, state: Properties) -> Properties | None:
    """Read an internet gateway."""
    gateway = _describe_gateway(cloud, identifier)
    return {
        "arn": cloud.arn("ec2", f"internet-gateway/{identifier}"),
        "ownerId": gateway.get("OwnerId") or cloud.account(),
        "vpcId": _attached_to(gateway),
        **read_tags(cloud, gateway.get("Tags"), state),
    }


def update_gateway(cloud: Cloud, identifier: str, change: Change) -> None:
    """Move an internet gateway to another VPC; change its tags."""
    update_ec2_tags(cloud, identifier, change)
    if "vpcId" in change:
        _detach_gateway(cloud, identifier)
        settle_gateway(cloud, identifier, change.new)


def _detach_gateway(cloud: Cloud, identifier: str) -> None:
    vpc = _attached_to(_describe_gateway(cloud, identifier))
    if vpc:
        cloud.client("ec2").detach_internet_gateway(InternetGatewayId=identifier, VpcId=vpc)


def delete_gateway(cloud: Cloud, identifier: str, state: Properties) -> None:
    """Detach and delete an internet gateway."""
    _detach_gateway(cloud, identifier)
    cloud.client("ec2").delete_internet_gateway(InternetGatewayId=identifier)


VPC = ResourceType(
    type="aws:ec2/vpc:Vpc",
    calls=Calls(create_vpc, read_vpc, delete_vpc, update_vpc, settle_vpc),
    inputs=names("cidrBlock enableDnsHostnames enableDnsSupport instanceTenancy"),
    required=names("cidrBlock"),
    computed=names(
        "arn ownerId dhcpOptionsId mainRouteTableId defaultRouteTableId "
        "defaultNetworkAclId defaultSecurityGroupId"
    ),
    chosen=names("enableDnsHostnames"),
    replaces=names("cidrBlock instanceTenancy"),
    defaults={"enableDnsSupport": True, "instanceTenancy": "default"},
    tags=True,
)
SUBNET = ResourceType(
    type="aws:ec2/subnet:Subnet",
    calls=Calls(create_subnet, read_subnet, delete_subnet, update_subnet, settle_subnet),
    inputs=names("availabilityZone availabilityZoneId cidrBlock mapPublicIpOnLaunch vpcId"),
    required=names("vpcId cidrBlock"),
    computed=names("arn ownerId"),
    chosen=names("availabilityZone availabilityZoneId"),
    replaces=names("availabilityZone availabilityZoneId cidrBlock vpcId"),
    defaults={"mapPublicIpOnLaunch": False},
    tags=True,
)
INTERNET_GATEWAY = ResourceType(
    type="aws:ec2/internetGateway:InternetGateway",
    calls=Calls(create_gateway, read_gateway, delete_gateway, update_gateway, settle_gateway),
    inputs=names("vpcId"),
    computed=names("arn ownerId"),
    chosen=names("vpcId"),
    tags=True,
)
ROWS = (VPC, SUBNET, INTERNET_GATEWAY)
