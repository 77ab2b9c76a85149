"""EC2 Instance Connect Endpoints, which moto doesn't know: one a VPC, made in some seconds."""

import time
from dataclasses import dataclass
from dataclasses import field
from datetime import UTC
from datetime import datetime
from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.exceptions import EC2ClientError
from moto.ec2.responses import EC2Response
from moto.ec2.utils import EC2_PREFIX_TO_RESOURCE
from moto.ec2.utils import EC2_RESOURCE_TO_PREFIX
from moto.ec2.utils import random_id
from moto.ec2.utils import random_private_ip

PREFIX = "eice"
# Seconds; in AWS it is minutes.
MAKING = 2.0
DELETING = 1.0


@dataclass
class Endpoint:
    """One endpoint; ``ip`` is where instances see its connections come from."""

    id: str
    subnet_id: str
    vpc_id: str
    zone: str
    group_ids: list[str]
    preserves_client_ip: bool
    interface_id: str
    ip: str
    made: float = field(default_factory=time.time)
    deleted: float | None = None

    @property
    def state(self) -> str:
        """EC2's name of its state."""
        if self.deleted is not None:
            return "delete-in-progress"
        return "create-in-progress" if _is_within(self.made, MAKING) else "create-complete"


class InstanceConnectRules:
    """The endpoints of a region, checked as EC2 checks them."""

    def instance_connect_endpoints(self: Any) -> dict[str, Endpoint]:
        """Return those there are, by id."""
        # A state that an older version saved has none.
        found: dict[str, Endpoint] = self.__dict__.setdefault("_instance_connect", {})
        for each in list(found.values()):
            if each.deleted is not None and not _is_within(each.deleted, DELETING):
                del found[each.id]
                self.enis.pop(each.interface_id, None)
                self.tags.pop(each.id, None)
        return found

    def create_instance_connect_endpoint(
        self: Any, subnet_id: str, group_ids: list[str], preserves_client_ip: bool
    ) -> Endpoint:
        """Make an endpoint in a subnet, of whose VPC there is none yet."""
        subnet = self.get_subnet(subnet_id)
        others = self.instance_connect_endpoints().values()
        if any(each.vpc_id == subnet.vpc_id for each in others):
            raise EC2ClientError(
                "InstanceConnectEndpointLimitExceeded",
                "You've reached the limit of 1 EC2 Instance Connect Endpoint for the VPC"
                f" {subnet.vpc_id}.",
            )
        for group_id in group_ids:
            group = self.get_security_group_from_id(group_id)
            if group is None or group.vpc_id != subnet.vpc_id:
                raise EC2ClientError(
                    "InvalidGroup.NotFound",
                    f"The security group '{group_id}' does not exist in VPC '{subnet.vpc_id}'",
                )
        ip = random_private_ip(subnet.cidr_block)
        groups = group_ids or [self.get_default_security_group(subnet.vpc_id).id]
        interface = self.create_network_interface(
            subnet, ip, group_ids=groups, description="EC2 Instance Connect Endpoint"
        )
        made = Endpoint(
            random_id(PREFIX),
            subnet_id,
            subnet.vpc_id,
            subnet.availability_zone,
            groups,
            preserves_client_ip,
            interface.id,
            ip,
        )
        self.instance_connect_endpoints()[made.id] = made
        return made

    def do_resources_exist(self: Any, resource_ids: list[str]) -> bool:
        """Raise EC2's error for one that isn't there, before it gets tags."""
        ours = [each for each in resource_ids if each.startswith(f"{PREFIX}-")]
        for each in ours:
            self.find_instance_connect_endpoint(each)
        others = [each for each in resource_ids if each not in ours]
        return bool(super().do_resources_exist(others))  # type: ignore[misc]

    def find_instance_connect_endpoint(self: Any, endpoint_id: str) -> Endpoint:
        """Return an endpoint, or raise EC2's error."""
        found: Endpoint | None = self.instance_connect_endpoints().get(endpoint_id)
        if found is None:
            raise EC2ClientError(
                "InvalidInstanceConnectEndpointId.NotFound",
                f"The instance connect endpoint ID '{endpoint_id}' does not exist",
            )
        return found


def add_instance_connect_calls() -> None:
    """Put the calls in place."""
    for call in (
        create_instance_connect_endpoint,
        describe_instance_connect_endpoints,
        delete_instance_connect_endpoint,
    ):
        setattr(EC2Response, call.__name__, call)
    # What can have tags.
    EC2_RESOURCE_TO_PREFIX["instance-connect-endpoint"] = PREFIX
    EC2_PREFIX_TO_RESOURCE[PREFIX] = "instance-connect-endpoint"


def create_instance_connect_endpoint(self: Any) -> ActionResult:
    """Make an endpoint."""
    preserves = str(self._get_param("PreserveClientIp", "false")).lower() == "true"
    made = self.ec2_backend.create_instance_connect_endpoint(
        self._get_param("SubnetId"), self._get_param("SecurityGroupIds", []), preserves
    )
    for each in self._get_param("TagSpecifications", []):
        tags = {tag["Key"]: tag.get("Value", "") for tag in each.get("Tags", [])}
        self.ec2_backend.create_tags([made.id], tags)
    return ActionResult({"InstanceConnectEndpoint": _described(self, made)})


def describe_instance_connect_endpoints(self: Any) -> ActionResult:
    """Return the endpoints that are asked for."""
    backend = self.ec2_backend
    ids = self._get_param("InstanceConnectEndpointIds", [])
    known = [backend.find_instance_connect_endpoint(each) for each in ids]
    known = known or list(backend.instance_connect_endpoints().values())
    described = [_described(self, each) for each in known]
    for wanted in self._get_param("Filters", []):
        described = [
            each for each in described if each.get(_FILTERS[wanted["Name"]]) in wanted["Values"]
        ]
    return ActionResult({"InstanceConnectEndpoints": described})


def delete_instance_connect_endpoint(self: Any) -> ActionResult:
    """Begin to delete an endpoint."""
    found = self.ec2_backend.find_instance_connect_endpoint(
        self._get_param("InstanceConnectEndpointId")
    )
    found.deleted = found.deleted or time.time()
    return ActionResult({"InstanceConnectEndpoint": _described(self, found)})


def _is_within(moment: float, seconds: float) -> bool:
    # The time that EC2 tells is kept over a restart; where it was set back, the wait is over, too.
    return 0 <= time.time() - moment <= seconds


_FILTERS = {
    "instance-connect-endpoint-id": "InstanceConnectEndpointId",
    "state": "State",
    "subnet-id": "SubnetId",
    "vpc-id": "VpcId",
}


def _described(self: Any, endpoint: Endpoint) -> dict[str, Any]:
    account, region = self.current_account, self.region
    # Those of AWS: a number of its own after the id.
    dns = f"{endpoint.id}.{endpoint.interface_id[-8:]}.{{}}ec2-instance-connect-endpoint"
    tags = self.ec2_backend.tags.get(endpoint.id, {})
    return {
        "OwnerId": account,
        "InstanceConnectEndpointId": endpoint.id,
        "InstanceConnectEndpointArn": (
            f"arn:aws:ec2:{region}:{account}:instance-connect-endpoint/{endpoint.id}"
        ),
        "State": endpoint.state,
        "DnsName": f"{dns.format('')}.{region}.amazonaws.com",
        "FipsDnsName": f"{dns.format('fips.')}.{region}.amazonaws.com",
        "NetworkInterfaceIds": [endpoint.interface_id],
        "VpcId": endpoint.vpc_id,
        "AvailabilityZone": endpoint.zone,
        "CreatedAt": datetime.fromtimestamp(endpoint.made, UTC),
        "SubnetId": endpoint.subnet_id,
        "PreserveClientIp": endpoint.preserves_client_ip,
        "SecurityGroupIds": endpoint.group_ids,
        "IpAddressType": "ipv4",
        "Tags": [{"Key": key, "Value": value} for key, value in tags.items()],
    }
