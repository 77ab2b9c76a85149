"""What the metadata address says of an instance, in EC2's layout."""

import json
from dataclasses import dataclass
from dataclasses import field
from typing import Literal
from typing import TypeAlias

Tree: TypeAlias = "dict[str, Tree | str]"


@dataclass(frozen=True)
class InstanceView:
    """One instance as EC2 knows it; the names are EC2's.

    ``mac`` is the address of the machine's own interface, so that what configures networks
    from here finds it. ``security_groups`` maps ids to names. ``block_devices`` maps ``ami``,
    ``root``, ``ebs1`` … to device names. ``instance_tags`` is None unless the instance lets its
    tags be read here. ``hop_limit`` and ``http_…`` are its metadata options.
    """

    instance_id: str
    image_id: str
    instance_type: str
    account_id: str
    region: str
    availability_zone: str
    private_ip: str
    private_dns: str
    mac: str
    public_ip: str | None = None
    public_dns: str | None = None
    availability_zone_id: str | None = None
    interface_id: str | None = None
    vpc_id: str | None = None
    vpc_cidr: str | None = None
    subnet_id: str | None = None
    subnet_cidr: str | None = None
    security_groups: dict[str, str] = field(default_factory=dict)
    key_name: str | None = None
    public_key: str | None = None
    profile_arn: str | None = None
    profile_id: str | None = None
    role_name: str | None = None
    user_data: bytes | None = None
    launch_time: str = ""
    architecture: str = "x86_64"
    reservation_id: str = ""
    block_devices: dict[str, str] = field(default_factory=dict)
    instance_tags: dict[str, str] | None = None
    http_endpoint: bool = True
    http_tokens: Literal["required", "optional"] = "required"
    hop_limit: int = 1


def metadata_tree(view: InstanceView) -> Tree:
    """Return ``meta-data/`` of an instance, without the role's credentials."""
    tree: Tree = {
        "ami-id": view.image_id,
        "ami-launch-index": "0",
        "ami-manifest-path": "(unknown)",
        "block-device-mapping": dict(view.block_devices),
        "events": {"maintenance": {"history": "[]", "scheduled": "[]"}},
        "hostname": view.private_dns,
        "instance-action": "none",
        "instance-id": view.instance_id,
        "instance-life-cycle": "on-demand",
        "instance-type": view.instance_type,
        "local-hostname": view.private_dns,
        "local-ipv4": view.private_ip,
        "mac": view.mac,
        "network": {"interfaces": {"macs": {view.mac: _interface(view)}}},
        "placement": _placement(view),
        "profile": "default-hvm",
        "reservation-id": view.reservation_id,
        "security-groups": "\n".join(view.security_groups.values()),
        "services": {"domain": "amazonaws.com", "partition": "aws"},
        "system": "nitro",
    }
    tree |= _present({"public-hostname": view.public_dns, "public-ipv4": view.public_ip})
    if view.public_key is not None:
        tree["public-keys"] = {"0": {"openssh-key": view.public_key}}
    if view.profile_arn is not None:
        tree["iam"] = {"info": _profile(view)}
    if view.instance_tags is not None:
        tree["tags"] = {"instance": dict(view.instance_tags)}
    return tree


def identity_document(view: InstanceView) -> str:
    """Return the instance identity document (AWS's signatures of it can't be had here)."""
    document = {
        "accountId": view.account_id,
        "architecture": view.architecture,
        "availabilityZone": view.availability_zone,
        "billingProducts": None,
        "devpayProductCodes": None,
        "marketplaceProductCodes": None,
        "imageId": view.image_id,
        "instanceId": view.instance_id,
        "instanceType": view.instance_type,
        "kernelId": None,
        "pendingTime": view.launch_time,
        "privateIp": view.private_ip,
        "ramdiskId": None,
        "region": view.region,
        "version": "2017-09-30",
    }
    return json.dumps(document, indent=2)


def _interface(view: InstanceView) -> Tree:
    interface: Tree = {
        "device-number": "0",
        "local-hostname": view.private_dns,
        "local-ipv4s": view.private_ip,
        "mac": view.mac,
        "owner-id": view.account_id,
        "security-group-ids": "\n".join(view.security_groups),
        "security-groups": "\n".join(view.security_groups.values()),
    }
    interface |= _present(
        {
            "interface-id": view.interface_id,
            "public-hostname": view.public_dns,
            "public-ipv4s": view.public_ip,
            "subnet-id": view.subnet_id,
            "subnet-ipv4-cidr-block": view.subnet_cidr,
            "vpc-id": view.vpc_id,
            "vpc-ipv4-cidr-block": view.vpc_cidr,
            "vpc-ipv4-cidr-blocks": view.vpc_cidr,
        }
    )
    if view.public_ip:
        interface["ipv4-associations"] = {view.public_ip: view.private_ip}
    return interface


def _placement(view: InstanceView) -> Tree:
    placement: Tree = {"availability-zone": view.availability_zone, "region": view.region}
    return placement | _present({"availability-zone-id": view.availability_zone_id})


def _profile(view: InstanceView) -> str:
    return json.dumps(
        {
            "Code": "Success",
            "LastUpdated": view.launch_time,
            "InstanceProfileArn": view.profile_arn,
            "InstanceProfileId": view.profile_id or "",
        },
        indent=2,
    )


def _present(values: dict[str, str | None]) -> Tree:
    return {name: value for name, value in values.items() if value}
