"""NAT gateways."""

from typing import Any

from .cloud import Cloud
from .failures import ProviderError
from .failures import is_gone
from .resource import Calls
from .resource import Change
from .resource import ResourceType
from .resource import names
from .tags import read_tags
from .tags import tag_specifications
from .tags import update_ec2_tags
from .values import Properties


def create_gateway(cloud: Cloud, inputs: Properties) -> str:
    """Create a NAT gateway."""
    given = {"AllocationId": inputs["allocationId"]} if "allocationId" in inputs else {}
    gateway = cloud.client("ec2").create_nat_gateway(
        SubnetId=inputs["subnetId"],
        ConnectivityType=inputs.get("connectivityType", "public"),
        TagSpecifications=tag_specifications("natgateway", inputs),
        **given,
    )["NatGateway"]
    return str(gateway["NatGatewayId"])


def settle_gateway(cloud: Cloud, identifier: str, inputs: Properties) -> None:
    """Wait until a NAT gateway is available; raise ProviderError when it fails in place of that."""

    def arrived() -> bool:
        gateway = _describe(cloud, identifier)
        if gateway["State"] == "failed":
            raise ProviderError(
                f"The NAT gateway {identifier} failed: {gateway.get('FailureMessage')}"
                f" ({gateway.get('FailureCode')})."
            )
        return bool(gateway["State"] == "available")

    cloud.wait(f"NAT gateway {identifier} to become available", arrived)


def _describe(cloud: Cloud, identifier: str) -> dict[str, Any]:
    answer = cloud.client("ec2").describe_nat_gateways(NatGatewayIds=[identifier])
    gateway: dict[str, Any] = answer["NatGateways"][0]
    return gateway


def read_gateway(cloud: Cloud, identifier: str, state: Properties) -> Properties | None:
    """Read a NAT gateway; one that was deleted is shown for a while."""
    gateway = _describe(cloud, identifier)
    if gateway["State"] in ("deleting", "deleted"):
        return None
    address = (gateway.get("NatGatewayAddresses") or [{}])[0]
    return {
        "subnetId": gateway["SubnetId"],
        "connectivityType": gateway.get("ConnectivityType", "public"),
        "allocationId": address.get("AllocationId"),
        "associationId": address.get("AssociationId"),
        "networkInterfaceId": address.get("NetworkInterfaceId"),
        "publicIp": address.get("PublicIp"),
        # Of a gateway of all zones, which isn't known here.
        "regionalNatGatewayAddresses": [],
        **read_tags(cloud, gateway.get("Tags"), state),
    }


def update_gateway(cloud: Cloud, identifier: str, change: Change) -> None:
    """Change a NAT gateway's tags."""
    update_ec2_tags(cloud, identifier, change)


def delete_gateway(cloud: Cloud, identifier: str, state: Properties) -> None:
    """Delete a NAT gateway and wait until it has let go of its address."""
    ec2 = cloud.client("ec2")
    ec2.delete_nat_gateway(NatGatewayId=identifier)

    def is_deleted() -> bool:
        try:
            return bool(_describe(cloud, identifier)["State"] == "deleted")
        except ec2.exceptions.ClientError as error:
            if is_gone(error):
                return True
            raise

    cloud.wait(f"NAT gateway {identifier} to be deleted", is_deleted)


NAT_GATEWAY = ResourceType(
    type="aws:ec2/natGateway:NatGateway",
    calls=Calls(create_gateway, read_gateway, delete_gateway, update_gateway, settle_gateway),
    inputs=names("allocationId connectivityType subnetId"),
    needed=names("subnetId"),
    computed=names("associationId networkInterfaceId publicIp regionalNatGatewayAddresses"),
    empty=names("autoProvisionZones autoScalingIps regionalNatGatewayAutoMode routeTableId"),
    replaces=names("allocationId connectivityType subnetId"),
    defaults={"connectivityType": "public"},
    tags=True,
)

ROWS = (NAT_GATEWAY,)
