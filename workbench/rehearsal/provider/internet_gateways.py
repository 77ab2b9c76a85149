"""Internet gateways."""

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


INTERNET_GATEWAY = ResourceType(
    type="aws:ec2/internetGateway:InternetGateway",
    calls=Calls(create_gateway, read_gateway, delete_gateway, update_gateway, settle_gateway),
    inputs=names("vpcId"),
    computed=names("arn ownerId"),
    chosen=names("vpcId"),
    tags=True,
)

ROWS = (INTERNET_GATEWAY,)
