"""VPC endpoints: of a gateway for S3 and DynamoDB, of interfaces for other services."""

from typing import Any

from .cloud import Cloud
from .documents import keep_written
from .documents import same_document
from .failures import is_gone
from .resource import Calls
from .resource import Change
from .resource import ResourceType
from .resource import names
from .tags import read_tags
from .tags import tag_specifications
from .tags import update_ec2_tags
from .values import Properties

# What is in an endpoint by its id, and how EC2 names that in a change.
_LISTS = {
    "routeTableIds": "RouteTableIds",
    "subnetIds": "SubnetIds",
    "securityGroupIds": "SecurityGroupIds",
}


def create_endpoint(cloud: Cloud, inputs: Properties) -> str:
    """Create an endpoint."""
    given = {theirs: inputs.get(ours) for ours, theirs in _LISTS.items()}
    given["PolicyDocument"] = inputs.get("policy")
    endpoint = cloud.client("ec2").create_vpc_endpoint(
        VpcId=inputs["vpcId"],
        ServiceName=inputs["serviceName"],
        VpcEndpointType=inputs.get("vpcEndpointType", "Gateway"),
        PrivateDnsEnabled=inputs.get("privateDnsEnabled", False),
        TagSpecifications=tag_specifications("vpc-endpoint", inputs),
        **{key: value for key, value in given.items() if value},
    )["VpcEndpoint"]
    return str(endpoint["VpcEndpointId"])


def settle_endpoint(cloud: Cloud, identifier: str, inputs: Properties) -> None:
    """Wait until an endpoint is available."""
    cloud.wait(
        f"VPC endpoint {identifier} to become available",
        lambda: _describe(cloud, identifier)["State"] == "available",
    )


def _describe(cloud: Cloud, identifier: str) -> dict[str, Any]:
    answer = cloud.client("ec2").describe_vpc_endpoints(VpcEndpointIds=[identifier])
    endpoint: dict[str, Any] = answer["VpcEndpoints"][0]
    return endpoint


def read_endpoint(cloud: Cloud, identifier: str, state: Properties) -> Properties | None:
    """Read an endpoint; what a gateway's has no interfaces of is empty."""
    endpoint = _describe(cloud, identifier)
    if endpoint["State"] == "deleting":
        return None
    prefixes, ranges = _prefixes(cloud, endpoint)
    return {
        "arn": cloud.arn("ec2", f"vpc-endpoint/{identifier}"),
        "ownerId": endpoint.get("OwnerId"),
        "vpcId": endpoint["VpcId"],
        "serviceName": endpoint["ServiceName"],
        "vpcEndpointType": endpoint["VpcEndpointType"],
        "state": endpoint["State"],
        "policy": keep_written(state, "policy", endpoint.get("PolicyDocument")),
        "privateDnsEnabled": endpoint.get("PrivateDnsEnabled", False),
        "requesterManaged": endpoint.get("RequesterManaged", False),
        "routeTableIds": sorted(endpoint.get("RouteTableIds") or []),
        "subnetIds": sorted(endpoint.get("SubnetIds") or []),
        "securityGroupIds": sorted(each["GroupId"] for each in endpoint.get("Groups") or []),
        "networkInterfaceIds": sorted(endpoint.get("NetworkInterfaceIds") or []),
        "dnsEntries": [
            {"dnsName": each.get("DnsName"), "hostedZoneId": each.get("HostedZoneId")}
            for each in endpoint.get("DnsEntries") or []
        ],
        "prefixListId": prefixes,
        "cidrBlocks": ranges,
        **read_tags(cloud, endpoint.get("Tags"), state),
    }


def _prefixes(cloud: Cloud, endpoint: dict[str, Any]) -> tuple[str, list[str]]:
    """Return the list of the service's addresses that routes to a gateway endpoint name."""
    if endpoint["VpcEndpointType"] != "Gateway":
        return "", []
    named = [{"Name": "prefix-list-name", "Values": [endpoint["ServiceName"]]}]
    found = cloud.client("ec2").describe_prefix_lists(Filters=named)["PrefixLists"]
    return (found[0]["PrefixListId"], found[0].get("Cidrs") or []) if found else ("", [])


def update_endpoint(cloud: Cloud, identifier: str, change: Change) -> None:
    """Change an endpoint's policy, route tables, subnets, security groups, private DNS and tags."""
    update_ec2_tags(cloud, identifier, change)
    asked: dict[str, Any] = {}
    for ours, theirs in _LISTS.items():
        old, new = set(change.old.get(ours) or []), set(change.new.get(ours) or [])
        if ours in change:
            asked[f"Add{theirs}"] = sorted(new - old)
            asked[f"Remove{theirs}"] = sorted(old - new)
    if "privateDnsEnabled" in change:
        asked["PrivateDnsEnabled"] = bool(change.new.get("privateDnsEnabled"))
    if "policy" in change and change.new.get("policy"):
        asked["PolicyDocument"] = change.new["policy"]
    asked = {key: value for key, value in asked.items() if value != []}
    if asked:
        cloud.client("ec2").modify_vpc_endpoint(VpcEndpointId=identifier, **asked)


def delete_endpoint(cloud: Cloud, identifier: str, state: Properties) -> None:
    """Delete an endpoint and wait until its interfaces are gone."""
    ec2 = cloud.client("ec2")
    ec2.delete_vpc_endpoints(VpcEndpointIds=[identifier])

    def is_gone_now() -> bool:
        try:
            _describe(cloud, identifier)
        except ec2.exceptions.ClientError as error:
            if is_gone(error):
                return True
            raise
        return False

    cloud.wait(f"VPC endpoint {identifier} to be deleted", is_gone_now)


VPC_ENDPOINT = ResourceType(
    type="aws:ec2/vpcEndpoint:VpcEndpoint",
    calls=Calls(create_endpoint, read_endpoint, delete_endpoint, update_endpoint, settle_endpoint),
    inputs=names(
        "policy privateDnsEnabled routeTableIds securityGroupIds serviceName subnetIds "
        "vpcEndpointType vpcId"
    ),
    required=names("vpcId"),
    needed=names("serviceName"),
    computed=names(
        "arn cidrBlocks dnsEntries networkInterfaceIds ownerId prefixListId requesterManaged state"
    ),
    chosen=names("policy routeTableIds securityGroupIds subnetIds"),
    replaces=names("serviceName vpcEndpointType vpcId"),
    defaults={"vpcEndpointType": "Gateway", "privateDnsEnabled": False},
    normalise={"policy": same_document, **dict.fromkeys(_LISTS, sorted)},
    tags=True,
)

ROWS = (VPC_ENDPOINT,)
