"""What EC2 refuses about networks: deleting what is in use, addresses without a gateway."""

from typing import Any

from moto.ec2.exceptions import DependencyViolationError
from moto.ec2.exceptions import EC2ClientError

# Default quotas of an account: docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html
ADDRESS_LIMIT = 5
VPC_LIMIT = 5


class NetworkRules:
    """VPCs, gateways, subnets, security groups and Elastic IPs, checked as EC2 checks them."""

    def create_vpc(self: Any, *args: Any, **kwargs: Any) -> Any:
        """Create a VPC, within the account's quota."""
        if len(self.vpcs) >= VPC_LIMIT:
            raise EC2ClientError("VpcLimitExceeded", "The maximum number of VPCs has been reached.")
        return super().create_vpc(*args, **kwargs)  # type: ignore[misc]

    def create_subnet(self: Any, vpc_id: str, *args: Any, **kwargs: Any) -> Any:
        """Create a subnet; only those of the default VPC are default ones."""
        subnet = super().create_subnet(vpc_id, *args, **kwargs)  # type: ignore[misc]
        if not self.vpcs[vpc_id].is_default:
            subnet.default_for_az = False
            subnet.map_public_ip_on_launch = False
        return subnet

    def delete_vpc(self: Any, vpc_id: str) -> Any:
        """Delete a VPC that holds nothing."""
        gateways = [each for each in self.internet_gateways.values() if _vpc_of(each) == vpc_id]
        groups = [each for each in self.groups[vpc_id].values() if not each.is_default]
        endpoints = [each for each in self.vpc_end_points.values() if each.vpc_id == vpc_id]
        if gateways or groups or endpoints or self._interfaces(vpc_id=vpc_id):
            raise DependencyViolationError(
                f"The vpc '{vpc_id}' has dependencies and cannot be deleted."
            )
        self.deleting_vpc = vpc_id
        try:
            return super().delete_vpc(vpc_id)  # type: ignore[misc]
        finally:
            self.deleting_vpc = None

    def delete_subnet(self: Any, subnet_id: str) -> Any:
        """Delete a subnet that nothing is in."""
        if self._interfaces(subnet_id=subnet_id):
            raise DependencyViolationError(
                f"The subnet '{subnet_id}' has dependencies and cannot be deleted."
            )
        subnet = super().delete_subnet(subnet_id)  # type: ignore[misc]
        for table in self.route_tables.values():
            table._associations = {
                key: value for key, value in table._associations.items() if value != subnet_id
            }
        return subnet

    def delete_security_group(
        self: Any, name: str | None = None, group_id: str | None = None
    ) -> None:
        """Delete a security group that nothing uses or names."""
        group = self.get_security_group_by_name_or_id(group_id or name)
        deleting_vpc = getattr(self, "deleting_vpc", None)
        if group and group.vpc_id != deleting_vpc:
            if group.is_default:
                raise EC2ClientError(
                    "CannotDelete",
                    f'the specified group: "{group.id}" name: "{group.name}" cannot be deleted by'
                    " a user",
                )
            if self._interfaces(group_id=group.id) or self._naming(group):
                raise DependencyViolationError(f"resource {group.id} has a dependent object")
        super().delete_security_group(name, group_id)  # type: ignore[misc]

    def _interfaces(
        self: Any,
        vpc_id: str | None = None,
        subnet_id: str | None = None,
        group_id: str | None = None,
    ) -> list[Any]:
        """Return the network interfaces in a VPC or subnet, or with a security group."""
        return [
            each
            for each in self.enis.values()
            if (vpc_id is None or each.vpc_id == vpc_id)
            and (subnet_id is None or each.subnet.id == subnet_id)
            and (group_id is None or group_id in {group.id for group in each.group_set})
        ]

    def _naming(self: Any, group: Any) -> list[str]:
        """Return the other security groups with a rule that names ``group``."""
        return [
            other.id
            for groups in self.groups.values()
            for other in groups.values()
            if other.id != group.id
            for rule in [*other.ingress_rules, *other.egress_rules]
            if rule.source_group.get("GroupId") == group.id
        ]

    def attach_internet_gateway(self: Any, internet_gateway_id: str, vpc_id: str) -> Any:
        """Attach a gateway to a VPC that has none."""
        others = [each for each in self.internet_gateways.values() if _vpc_of(each) == vpc_id]
        if any(each.id != internet_gateway_id for each in others):
            raise EC2ClientError(
                "InvalidParameterValue",
                f"Network {vpc_id} already has an internet gateway attached",
            )
        return super().attach_internet_gateway(internet_gateway_id, vpc_id)  # type: ignore[misc]

    def detach_internet_gateway(self: Any, internet_gateway_id: str, vpc_id: str) -> None:
        """Detach a gateway, when no public address in the VPC needs it."""
        if any(each.public_ip for each in self._interfaces(vpc_id=vpc_id)):
            raise DependencyViolationError(
                f"Network {vpc_id} has some mapped public address(es). Please unmap those public"
                " address(es) before detaching the gateway."
            )
        super().detach_internet_gateway(internet_gateway_id, vpc_id)  # type: ignore[misc]

    def create_route(
        self: Any,
        route_table_id: str,
        destination_cidr_block: str | None,
        *args: Any,
        **kwargs: Any,
    ) -> Any:
        """Create a route, to a gateway of the same VPC."""
        gateway_id = kwargs.get("gateway_id")
        if gateway_id and gateway_id.startswith("igw-"):
            gateway = self.get_internet_gateway(gateway_id)
            if _vpc_of(gateway) != self.get_route_table(route_table_id).vpc_id:
                raise EC2ClientError(
                    "InvalidParameterValue",
                    f"route table {route_table_id} and network gateway {gateway_id} belong to"
                    " different networks",
                )
        if nat_gateway_id := kwargs.get("nat_gateway_id"):
            self._check_nat_route(route_table_id, nat_gateway_id)
        return super().create_route(  # type: ignore[misc]
            route_table_id, destination_cidr_block, *args, **kwargs
        )

    def _check_nat_route(self: Any, route_table_id: str, nat_gateway_id: str) -> None:
        gateway = self.nat_gateways.get(nat_gateway_id)
        if gateway is None or gateway.state in ("failed", "deleted"):
            raise EC2ClientError(
                "InvalidNatGatewayID.NotFound",
                f"The natGateway ID '{nat_gateway_id}' does not exist",
            )
        if gateway.vpc_id != self.get_route_table(route_table_id).vpc_id:
            raise EC2ClientError(
                "InvalidParameterValue",
                f"route table {route_table_id} and network gateway {nat_gateway_id} belong to"
                " different networks",
            )

    def allocate_address(self: Any, *args: Any, **kwargs: Any) -> Any:
        """Allocate an Elastic IP, within the account's quota."""
        if len(self.addresses) >= ADDRESS_LIMIT:
            raise EC2ClientError(
                "AddressLimitExceeded", "The maximum number of addresses has been reached."
            )
        return super().allocate_address(*args, **kwargs)  # type: ignore[misc]

    def associate_address(
        self: Any, instance: Any = None, eni: Any = None, *args: Any, **kwargs: Any
    ) -> Any:
        """Associate an Elastic IP, in a network that has an internet gateway."""
        if instance and instance.state not in {"running", "stopping", "stopped"}:
            raise EC2ClientError(
                "InvalidInstanceID",
                f"The {instance.state} instance '{instance.id}' is not in a valid state for this"
                " operation.",
            )
        interface = eni or (instance.nics[0] if instance else None)
        if interface and not self.has_gateway(interface.vpc_id):
            raise EC2ClientError(
                "Gateway.NotAttached",
                f"Network {interface.vpc_id} is not attached to any internet gateway",
            )
        address = super().associate_address(instance, eni, *args, **kwargs)  # type: ignore[misc]
        for other in self.addresses:
            # An interface has one Elastic IP: a new one takes the earlier one's place.
            if other is not address and other.eni is not None and other.eni is address.eni:
                other.instance = other.eni = other.association_id = None
        address.instance = address.instance or address.eni.instance
        return address

    def release_address(
        self: Any, address: str | None = None, allocation_id: str | None = None
    ) -> None:
        """Give an Elastic IP back, once it is associated with nothing."""
        found = (
            self.address_by_allocation([allocation_id])
            if allocation_id
            else self.address_by_ip([address])
        )
        if found[0].association_id:
            raise EC2ClientError(
                "InvalidIPAddress.InUse", f"Address {found[0].public_ip} is in use."
            )
        super().release_address(address, allocation_id)  # type: ignore[misc]

    def has_gateway(self: Any, vpc_id: str) -> bool:
        """Return whether a VPC has an internet gateway."""
        return any(_vpc_of(each) == vpc_id for each in self.internet_gateways.values())

    def route_to_internet(self: Any, subnet_id: str, vpc_id: str) -> bool:
        """Return whether a subnet's route table points to the VPC's internet gateway."""
        return any(
            route.gateway is not None
            and route.gateway.id.startswith("igw-")
            and _vpc_of(route.gateway) == vpc_id
            and route.destination_cidr_block == "0.0.0.0/0"
            for table in self.tables_of(subnet_id, vpc_id)
            for route in table._routes.values()
        )

    def tables_of(self: Any, subnet_id: str, vpc_id: str) -> list[Any]:
        """Return the route table of a subnet: its own, else the VPC's main one."""
        tables = [each for each in self.route_tables.values() if each.vpc_id == vpc_id]
        own = [each for each in tables if subnet_id in each._associations.values()]
        return own or [each for each in tables if each.main_association_id]


def _vpc_of(gateway: Any) -> str | None:
    return gateway.vpc.id if gateway.vpc else None
