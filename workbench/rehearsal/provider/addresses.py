"""Elastic IPs and their associations."""

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


def create_address(cloud: Cloud, inputs: Properties) -> str:
    """Allocate an Elastic IP."""
    answer = cloud.client("ec2").allocate_address(
        Domain=inputs.get("domain", "vpc"),
        TagSpecifications=tag_specifications("elastic-ip", inputs),
    )
    return str(answer["AllocationId"])


def settle_address(cloud: Cloud, identifier: str, inputs: Properties) -> None:
    """Associate an Elastic IP with what the program names in it."""
    target = {
        "InstanceId": inputs.get("instance"),
        "NetworkInterfaceId": inputs.get("networkInterface"),
    }
    given = {key: value for key, value in target.items() if value}
    if given:
        cloud.client("ec2").associate_address(AllocationId=identifier, **given)


def _describe(cloud: Cloud, identifier: str) -> dict[str, Any]:
    answer = cloud.client("ec2").describe_addresses(AllocationIds=[identifier])
    address: dict[str, Any] = answer["Addresses"][0]
    return address


def _public_dns(cloud: Cloud, ip: str) -> str:
    place = "compute-1" if cloud.region == "us-east-1" else f"{cloud.region}.compute"
    return f"ec2-{ip.replace('.', '-')}.{place}.amazonaws.com"


def _private_dns(cloud: Cloud, ip: str) -> str:
    place = "ec2" if cloud.region == "us-east-1" else f"{cloud.region}.compute"
    return f"ip-{ip.replace('.', '-')}.{place}.internal"


def read_address(cloud: Cloud, identifier: str, state: Properties) -> Properties | None:
    """Read an Elastic IP."""
    address = _describe(cloud, identifier)
    private = address.get("PrivateIpAddress")
    return {
        "allocationId": identifier,
        "arn": cloud.arn("ec2", f"elastic-ip/{identifier}"),
        "publicIp": address["PublicIp"],
        "publicDns": _public_dns(cloud, address["PublicIp"]),
        "domain": address.get("Domain", "vpc"),
        "associationId": address.get("AssociationId") or None,
        "instance": address.get("InstanceId") or None,
        "networkInterface": address.get("NetworkInterfaceId") or None,
        "privateIp": private or None,
        "privateDns": _private_dns(cloud, private) if private else None,
        **read_tags(cloud, address.get("Tags"), state),
    }


def update_address(cloud: Cloud, identifier: str, change: Change) -> None:
    """Move an Elastic IP to another instance or interface; change its tags."""
    update_ec2_tags(cloud, identifier, change)
    if change.any_of("instance", "networkInterface"):
        _disassociate(cloud, identifier)
        settle_address(cloud, identifier, change.new)


def _disassociate(cloud: Cloud, identifier: str) -> None:
    association = _describe(cloud, identifier).get("AssociationId")
    if association:
        cloud.client("ec2").disassociate_address(AssociationId=association)


def delete_address(cloud: Cloud, identifier: str, state: Properties) -> None:
    """Release an Elastic IP."""
    _disassociate(cloud, identifier)
    cloud.client("ec2").release_address(AllocationId=identifier)


def associate(cloud: Cloud, inputs: Properties) -> str:
    """Associate an Elastic IP with an instance or an interface."""
    names_ = {
        "allocationId": "AllocationId",
        "instanceId": "InstanceId",
        "publicIp": "PublicIp",
        "networkInterfaceId": "NetworkInterfaceId",
        "privateIpAddress": "PrivateIpAddress",
        "allowReassociation": "AllowReassociation",
    }
    answer = cloud.client("ec2").associate_address(
        **{theirs: inputs[ours] for ours, theirs in names_.items() if ours in inputs}
    )
    return str(answer["AssociationId"])


def read_association(cloud: Cloud, identifier: str, state: Properties) -> Properties | None:
    """Read an association by its id."""
    found = cloud.client("ec2").describe_addresses(
        Filters=[{"Name": "association-id", "Values": [identifier]}]
    )["Addresses"]
    if not found:
        return None
    return {
        "allocationId": found[0]["AllocationId"],
        "publicIp": found[0]["PublicIp"],
        "instanceId": found[0].get("InstanceId") or None,
        "networkInterfaceId": found[0].get("NetworkInterfaceId") or None,
        "privateIpAddress": found[0].get("PrivateIpAddress") or None,
    }


def disassociate(cloud: Cloud, identifier: str, state: Properties) -> None:
    """Remove an association."""
    cloud.client("ec2").disassociate_address(AssociationId=identifier)


EIP = ResourceType(
    type="aws:ec2/eip:Eip",
    calls=Calls(create_address, read_address, delete_address, update_address, settle_address),
    inputs=names("domain instance networkInterface"),
    computed=names("allocationId arn associationId privateDns privateIp publicDns publicIp"),
    empty=names("carrierIp customerOwnedIp ptrRecord"),
    chosen=names("domain instance networkInterface"),
    replaces=names("domain"),
    recomputed={
        key: names("associationId privateIp privateDns") for key in ("instance", "networkInterface")
    },
    tags=True,
)
EIP_ASSOCIATION = ResourceType(
    type="aws:ec2/eipAssociation:EipAssociation",
    calls=Calls(associate, read_association, disassociate),
    inputs=names(
        "allocationId allowReassociation instanceId networkInterfaceId privateIpAddress publicIp"
    ),
    chosen=names("allocationId instanceId networkInterfaceId privateIpAddress publicIp"),
    # An address has one association, so the old one goes first.
    delete_before_replace=True,
)
ROWS = (EIP, EIP_ASSOCIATION)
