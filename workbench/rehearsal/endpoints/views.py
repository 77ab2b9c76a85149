"""What the metadata address shows of each instance, read from the API's state."""

import base64
from collections.abc import Callable
from typing import Any

from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.iam.models import iam_backends

from workbench.rehearsal.api.server import Api
from workbench.rehearsal.endpoints.instance_view import InstanceView


class Views:
    """Look instances up by the address their machine has on the rehearsal's network.

    ``instance_at`` returns the ID of the instance whose machine has an address.
    """

    def __init__(self, api: Api, instance_at: Callable[[str], str | None]) -> None:
        self._api = api
        self._instance_at = instance_at

    def view(self, source_ip: str) -> InstanceView | None:
        """Return what EC2 knows of the machine that asks, or None."""
        instance_id = self._instance_at(source_ip)
        if instance_id is None:
            return None
        with self._api.lock:
            instance = self._api.ec2.get_instance_by_id(instance_id)
            if instance is None or instance.state == "terminated":
                return None
            return instance_view(self._api.ec2, instance, mac_of(source_ip))


def mac_of(address: str) -> str:
    """Return the hardware address that Docker gives an interface with an IPv4 address."""
    return "02:42:" + ":".join(f"{int(part):02x}" for part in address.split("."))


def instance_view(ec2: Any, instance: Any, mac: str) -> InstanceView:
    """Return what the metadata address shows of one instance."""
    interface = instance.nics[0]
    options = instance.metadata_options
    user_data = instance.user_data
    key = ec2.key_pairs.get(instance.key_name)
    return InstanceView(
        instance_id=instance.id,
        image_id=instance.image_id,
        instance_type=instance.instance_type,
        account_id=instance.owner_id,
        region=instance.region_name,
        availability_zone=instance.placement.zone,
        availability_zone_id=interface.subnet.availability_zone_id,
        private_ip=instance.private_ip,
        private_dns=instance.private_dns_name,
        public_ip=instance.public_ip,
        public_dns=instance.public_dns_name,
        mac=mac,
        interface_id=interface.id,
        vpc_id=instance.vpc_id,
        vpc_cidr=ec2.get_vpc(instance.vpc_id).cidr_block,
        subnet_id=interface.subnet.id,
        subnet_cidr=interface.subnet.cidr_block,
        security_groups={group.id: group.name for group in interface.group_set},
        key_name=instance.key_name,
        public_key=_public_key(key),
        user_data=base64.b64decode(str(user_data)) if user_data else None,
        launch_time=_timestamp(instance.launch_time),
        architecture=instance.architecture,
        reservation_id=_reservation(ec2, instance.id),
        block_devices=_block_devices(instance),
        instance_tags=_tags(instance) if options.instance_metadata_tags == "enabled" else None,
        http_endpoint=options.http_endpoint != "disabled",
        http_tokens="required" if options.http_tokens == "required" else "optional",
        hop_limit=int(options.http_put_response_hop_limit or 1),
        **_profile(instance),
    )


def _profile(instance: Any) -> dict[str, Any]:
    arn = (instance.iam_instance_profile or {}).get("Arn")
    profiles = iam_backends[DEFAULT_ACCOUNT_ID]["aws"].instance_profiles.values()
    profile = next((each for each in profiles if each.arn == arn), None)
    if profile is None:
        return {}
    role = profile.roles[0].name if profile.roles else None
    return {"profile_arn": arn, "profile_id": profile.id, "role_name": role}


def _public_key(key: Any) -> str | None:
    if key is None:
        return None
    material = key.material_public
    text = material.decode("utf-8") if isinstance(material, bytes) else str(material)
    return f"{text.strip()} {key.key_name}" if len(text.split()) == 2 else text.strip()


def _reservation(ec2: Any, instance_id: str) -> str:
    for reservation in ec2.reservations.values():
        if any(each.id == instance_id for each in reservation.instances):
            return str(reservation.id)
    return ""


def _block_devices(instance: Any) -> dict[str, str]:
    root = instance.root_device_name
    others = sorted(name for name in instance.block_device_mapping if name != root)
    devices = {"ami": root.removeprefix("/dev/"), "root": root}
    return devices | {
        f"ebs{number}": name.removeprefix("/dev/") for number, name in enumerate(others, 1)
    }


def _tags(instance: Any) -> dict[str, str]:
    return {each["key"]: each["value"] for each in instance.get_tags()}


def _timestamp(moment: Any) -> str:
    return str(moment.strftime("%Y-%m-%dT%H:%M:%SZ"))
