"""EC2 Instance Connect Endpoints."""

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


def create_endpoint(cloud: Cloud, inputs: Properties) -> str:
    """Begin to create an endpoint."""
    groups = inputs.get("securityGroupIds")
    made = cloud.client("ec2").create_instance_connect_endpoint(
        SubnetId=inputs["subnetId"],
        # Of the official plugin: AWS's own default is the other one.
        PreserveClientIp=inputs.get("preserveClientIp", True),
        TagSpecifications=tag_specifications("instance-connect-endpoint", inputs),
        **({"SecurityGroupIds": groups} if groups else {}),
    )["InstanceConnectEndpoint"]
    return str(made["InstanceConnectEndpointId"])


def settle_endpoint(cloud: Cloud, identifier: str, inputs: Properties) -> None:
    """Wait until an endpoint is made."""

    def made() -> bool:
        found = _describe(cloud, identifier)
        state = found["State"] if found else "gone"
        if state not in ("create-in-progress", "create-complete"):
            raise ProviderError(f"The Instance Connect endpoint {identifier} is {state}.")
        return bool(state == "create-complete")

    cloud.wait(f"the Instance Connect endpoint {identifier} to be made", made)


def _describe(cloud: Cloud, identifier: str) -> dict[str, Any] | None:
    wanted = [{"Name": "instance-connect-endpoint-id", "Values": [identifier]}]
    answer = cloud.client("ec2").describe_instance_connect_endpoints(Filters=wanted)
    found: list[dict[str, Any]] = answer["InstanceConnectEndpoints"]
    return found[0] if found else None


def read_endpoint(cloud: Cloud, identifier: str, state: Properties) -> Properties | None:
    """Read an endpoint."""
    found = _describe(cloud, identifier)
    if found is None or found["State"].startswith("delete"):
        return None
    return {
        "arn": found["InstanceConnectEndpointArn"],
        "availabilityZone": found["AvailabilityZone"],
        "dnsName": found["DnsName"],
        "fipsDnsName": found["FipsDnsName"],
        "ipAddressType": found.get("IpAddressType"),
        "networkInterfaceIds": found["NetworkInterfaceIds"],
        "ownerId": found["OwnerId"],
        "preserveClientIp": found["PreserveClientIp"],
        "securityGroupIds": found["SecurityGroupIds"],
        "subnetId": found["SubnetId"],
        "vpcId": found["VpcId"],
        **read_tags(cloud, found.get("Tags"), state),
    }


def update_endpoint(cloud: Cloud, identifier: str, change: Change) -> None:
    """Change an endpoint's tags."""
    update_ec2_tags(cloud, identifier, change)


def delete_endpoint(cloud: Cloud, identifier: str, state: Properties) -> None:
    """Delete an endpoint, and wait until it is gone: its security group can go only then."""
    cloud.client("ec2").delete_instance_connect_endpoint(InstanceConnectEndpointId=identifier)
    cloud.wait(
        f"the Instance Connect endpoint {identifier} to go",
        lambda: _describe(cloud, identifier) is None,
    )


INSTANCE_CONNECT_ENDPOINT = ResourceType(
    type="aws:ec2transitgateway/instanceConnectEndpoint:InstanceConnectEndpoint",
    calls=Calls(create_endpoint, read_endpoint, delete_endpoint, update_endpoint, settle_endpoint),
    inputs=names("ipAddressType preserveClientIp securityGroupIds subnetId"),
    required=names("subnetId"),
    computed=names("arn availabilityZone dnsName fipsDnsName networkInterfaceIds ownerId vpcId"),
    chosen=names("ipAddressType securityGroupIds"),
    replaces=names("ipAddressType preserveClientIp securityGroupIds subnetId"),
    defaults={"preserveClientIp": True},
    normalise={"securityGroupIds": sorted},
    tags=True,
)

ROWS = (INSTANCE_CONNECT_ENDPOINT,)
