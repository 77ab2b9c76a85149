"""What leads out of private subnets in EC2: NAT gateways and VPC endpoints, and their states."""

import ipaddress
from typing import Any

from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models.vpcs import AWS_ENDPOINT_SERVICES
from moto.ec2.models.vpcs import COVERED_ENDPOINT_SERVICES

# The services that have a gateway endpoint.
GATEWAYS = ("s3", "dynamodb")
# A NAT gateway in these states holds its address and its interface.
ALIVE = ("pending", "available", "deleting")


class PrivateNetworkRules:
    """NAT gateways and endpoints, checked as EC2 checks them, and who reaches what by them."""

    def create_nat_gateway(
        self: Any,
        subnet_id: str,
        allocation_id: str | None,
        tags: Any = None,
        connectivity_type: str | None = "public",
    ) -> Any:
        """Create a NAT gateway. It is pending at first; one that can't be fails then."""
        kind = connectivity_type or "public"
        subnet = self.get_subnet(subnet_id)
        if kind == "public" and not allocation_id:
            raise EC2ClientError(
                "MissingParameter",
                "The request must include the AllocationId parameter. Add the required parameter"
                " and retry the request.",
            )
        address = self.address_by_allocation([allocation_id])[0] if allocation_id else None
        problem = self._nat_problem(subnet.vpc_id, address)
        usable = None if problem else allocation_id
        gateway = super().create_nat_gateway(subnet_id, usable, tags, kind)  # type: ignore[misc]
        gateway._eni.description = f"Interface for NAT Gateway {gateway.id}"
        gateway.state = "pending"
        gateway.failure_code, gateway.failure_message = problem or (None, None)
        return gateway

    def _nat_problem(self: Any, vpc_id: str, address: Any) -> tuple[str, str] | None:
        # docs.aws.amazon.com/vpc/latest/userguide/nat-gateway-troubleshooting.html
        if address is None:
            return None
        if not self.has_gateway(vpc_id):
            return "Gateway.NotAttached", f"Network {vpc_id} has no Internet gateway attached"
        if address.association_id:
            return (
                "Resource.AlreadyAssociated",
                f"Elastic IP address [{address.allocation_id}] is already associated",
            )
        return None

    def describe_nat_gateways(self: Any, filters: Any, nat_gateway_ids: list[str] | None) -> Any:
        """Describe NAT gateways; those that were deleted are shown for a while."""
        for each in nat_gateway_ids or []:
            self._nat_gateway(each)
        return super().describe_nat_gateways(filters, nat_gateway_ids)  # type: ignore[misc]

    def delete_nat_gateway(self: Any, nat_gateway_id: str) -> Any:
        """Delete a NAT gateway, which takes a while: until then its address is in use."""
        gateway = self._nat_gateway(nat_gateway_id)
        if gateway.state != "deleted":
            gateway.state = "deleting"
        return gateway

    def _nat_gateway(self: Any, nat_gateway_id: str) -> Any:
        found = self.nat_gateways.get(nat_gateway_id)
        if found is None:
            raise EC2ClientError(
                "NatGatewayNotFound", f"NAT gateway {nat_gateway_id} was not found"
            )
        return found

    def disassociate_address(
        self: Any, address: str | None = None, association_id: str | None = None
    ) -> Any:
        """Take an Elastic IP off; a NAT gateway's stays as long as that is there."""
        held = {
            each.address_set[0].get("associationId")
            for each in self.nat_gateways.values()
            if each.state in ALIVE
        }
        if association_id and association_id in held:
            raise EC2ClientError(
                "AuthFailure", "You do not have permission to access the specified resource."
            )
        return super().disassociate_address(address, association_id)  # type: ignore[misc]

    def create_vpc_endpoint(
        self: Any,
        vpc_id: str,
        service_name: str,
        endpoint_type: str | None,
        policy_document: str | None,
        route_table_ids: list[str],
        subnet_ids: list[str] | None = None,
        network_interface_ids: list[str] | None = None,
        dns_entries: dict[str, str] | None = None,
        client_token: str | None = None,
        security_group_ids: list[str] | None = None,
        tags: dict[str, str] | None = None,
        private_dns_enabled: bool | None = None,
    ) -> Any:
        """Create an endpoint of a service that has one of this type."""
        kind = endpoint_type or "Gateway"
        self._check_service(service_name, kind)
        is_gateway = kind == "Gateway"
        if is_gateway and (subnet_ids or security_group_ids):
            raise EC2ClientError(
                "InvalidParameter",
                "Subnet IDs and security group IDs are not supported for Gateway endpoints.",
            )
        if is_gateway:
            self._check_tables(vpc_id, service_name, route_table_ids)
        elif private_dns_enabled:
            self._check_private_dns(vpc_id, service_name)
        endpoint = super().create_vpc_endpoint(  # type: ignore[misc]
            vpc_id,
            service_name,
            kind,
            policy_document,
            [*route_table_ids] if is_gateway else [],
            subnet_ids=[],
            client_token=client_token,
            security_group_ids=[],
            tags=tags,
            private_dns_enabled=bool(private_dns_enabled) and not is_gateway,
        )
        if not is_gateway:
            default = [each.id for each in self.groups[vpc_id].values() if each.is_default]
            endpoint.security_group_ids = [*(security_group_ids or default)]
            endpoint.subnet_ids = []
            self._add_subnets(endpoint, subnet_ids or [])
            endpoint.state = "pending"
        return endpoint

    def _check_service(self: Any, service_name: str, kind: str) -> None:
        known = (
            GATEWAYS if kind == "Gateway" else {*AWS_ENDPOINT_SERVICES, *COVERED_ENDPOINT_SERVICES}
        )
        if service_name not in {f"com.amazonaws.{self.region_name}.{each}" for each in known}:
            raise EC2ClientError(
                "InvalidServiceName",
                f"The Vpc Endpoint Service '{service_name}' does not exist",
            )

    def _check_tables(self: Any, vpc_id: str, service_name: str, table_ids: list[str]) -> None:
        for table_id in table_ids:
            if self.get_route_table(table_id).vpc_id != vpc_id:
                raise EC2ClientError(
                    "InvalidParameter",
                    f"Route table {table_id} does not belong to the VPC {vpc_id}",
                )
            for other in self.vpc_end_points.values():
                if other.service_name == service_name and table_id in other.route_table_ids:
                    raise EC2ClientError(
                        "RouteAlreadyExists",
                        f"route table {table_id} already has a route with"
                        f" destination-prefix-list-id {other.destination_prefix_list_id}",
                    )

    def _check_private_dns(self: Any, vpc_id: str, service_name: str) -> None:
        vpc = self.get_vpc(vpc_id)
        if not (vpc.enable_dns_support and vpc.enable_dns_hostnames):
            raise EC2ClientError(
                "InvalidParameter",
                "Enabling private DNS requires both enableDnsSupport and enableDnsHostnames VPC"
                f" attributes set to true for {vpc_id}",
            )
        for other in self.vpc_end_points.values():
            same = other.vpc_id == vpc_id and other.service_name == service_name
            if same and other.private_dns_enabled:
                raise EC2ClientError(
                    "InvalidParameter",
                    "private-dns-enabled cannot be set because there is already a conflicting DNS"
                    f" domain for {host_of(service_name)} in the VPC {vpc_id}",
                )

    def _add_subnets(self: Any, endpoint: Any, subnet_ids: list[str]) -> None:
        for subnet_id in subnet_ids:
            subnet = self.get_subnet(subnet_id)
            zones = {self.get_subnet(each).availability_zone for each in endpoint.subnet_ids}
            if subnet.availability_zone in zones:
                raise EC2ClientError(
                    "DuplicateSubnetsInSameZone", "Found another VPC endpoint subnet in this zone."
                )
            interface = self.create_network_interface(
                subnet,
                subnet.get_available_subnet_ip(endpoint),
                group_ids=endpoint.security_group_ids,
                description=f"VPC Endpoint Interface {endpoint.id}",
            )
            endpoint.subnet_ids.append(subnet_id)
            endpoint.network_interface_ids.append(interface.id)

    def modify_vpc_endpoint(
        self: Any,
        vpc_id: str,
        policy_doc: str,
        add_subnets: list[str] | None,
        remove_subnets: list[str] | None,
        remove_route_tables: list[str] | None,
        add_route_tables: list[str] | None,
        add_security_groups: list[str] | None,
        remove_security_groups: list[str] | None,
    ) -> None:
        """Change an endpoint: policy, subnets, security groups or route tables."""
        endpoint = self.describe_vpc_endpoints(vpc_end_point_ids=[vpc_id])[0]
        self._remove_subnets(endpoint, remove_subnets or [])
        self._add_subnets(endpoint, add_subnets or [])
        prefixes = endpoint.destination_prefix_list_id
        for table_id in add_route_tables or []:
            self._check_tables(endpoint.vpc_id, endpoint.service_name, [table_id])
            self.create_route(
                table_id, None, gateway_id=vpc_id, destination_prefix_list_id=prefixes
            )
        for table_id in remove_route_tables or []:
            self.delete_route(table_id, prefixes)
        endpoint.modify(
            policy_doc,
            [],
            [],
            add_route_tables,
            remove_route_tables,
            add_security_groups,
            remove_security_groups,
        )

    def _remove_subnets(self: Any, endpoint: Any, subnet_ids: list[str]) -> None:
        for interface_id in [*endpoint.network_interface_ids]:
            interface = self.enis[interface_id]
            if interface.subnet.id in subnet_ids:
                del self.enis[interface_id]
                endpoint.network_interface_ids.remove(interface_id)
        endpoint.subnet_ids = [each for each in endpoint.subnet_ids if each not in subnet_ids]

    def delete_vpc_endpoints(self: Any, vpce_ids: list[str] | None = None) -> None:
        """Delete endpoints: a gateway's at once, those with interfaces in a while."""
        for each in vpce_ids or []:
            endpoint = self.vpc_end_points.get(each)
            if endpoint is None:
                continue
            if endpoint.vpc_endpoint_type == "Gateway":
                endpoint.route_table_ids = [
                    table for table in endpoint.route_table_ids if table in self.route_tables
                ]
                super().delete_vpc_endpoints([each])  # type: ignore[misc]
                del self.vpc_end_points[each]
            else:
                endpoint.state = "deleting"

    def settle_network(self: Any) -> bool:
        """Let gateways and endpoints be what was asked of them; return whether any changed."""
        moved = False
        for gateway in self.nat_gateways.values():
            moved = self._settle_gateway(gateway) or moved
        for endpoint in [*self.vpc_end_points.values()]:
            moved = self._settle_endpoint(endpoint) or moved
        return moved

    def _settle_gateway(self: Any, gateway: Any) -> bool:
        if gateway.state == "pending":
            gateway.state = "failed" if gateway.failure_code else "available"
            if gateway.state == "failed":
                self.enis.pop(gateway._eni.id, None)
            return True
        if gateway.state == "deleting":
            gateway.state = "deleted"
            association = gateway.address_set[0].get("associationId")
            if association:
                self.disassociate_address(association_id=association)
            self.enis.pop(gateway._eni.id, None)
            return True
        return False

    def _settle_endpoint(self: Any, endpoint: Any) -> bool:
        if endpoint.state == "pending":
            endpoint.state = "available"
            return True
        if endpoint.state == "deleting":
            self._remove_subnets(endpoint, endpoint.subnet_ids)
            del self.vpc_end_points[endpoint.id]
            return True
        return False

    def reaches_internet(self: Any, interface: Any) -> bool:
        """Return whether something leads from a network interface to the internet and back.

        An internet gateway does for who has a public address, a NAT gateway in a public subnet for
        who has none.
        """
        if self.route_to_internet(interface.subnet.id, interface.vpc_id):
            return bool(interface.public_ip)
        gateways = [
            route.nat_gateway
            for table in self.tables_of(interface.subnet.id, interface.vpc_id)
            for route in table._routes.values()
            if route.nat_gateway is not None and route.destination_cidr_block == "0.0.0.0/0"
        ]
        return any(
            each.state == "available"
            and each.connectivity_type == "public"
            and self.route_to_internet(each.subnet_id, each.vpc_id)
            for each in gateways
        )

    def reaches_service(self: Any, interface: Any, host: str) -> bool:
        """Return whether a network interface reaches AWS's endpoint by the name ``host``.

        Over the internet, by a gateway endpoint of its route table, or by an interface endpoint of
        its VPC that lets it in.
        """
        return self.reaches_internet(interface) or any(
            self._leads(each, interface)
            for each in self.vpc_end_points.values()
            if each.state == "available" and each.vpc_id == interface.vpc_id
            if host_of(each.service_name) == host
        )

    def _leads(self: Any, endpoint: Any, interface: Any) -> bool:
        if endpoint.vpc_endpoint_type == "Gateway":
            tables = self.tables_of(interface.subnet.id, interface.vpc_id)
            return any(table.id in endpoint.route_table_ids for table in tables)
        if not (endpoint.private_dns_enabled and endpoint.network_interface_ids):
            return False
        groups = [self.get_security_group_from_id(each) for each in endpoint.security_group_ids]
        return any(_lets_in(rule, interface) for group in groups for rule in group.ingress_rules)


def host_of(service_name: str) -> str:
    """Return the host name of a service by its name for endpoints."""
    *_, region, service = service_name.split(".", 3)
    return f"{service}.{region}.amazonaws.com"


def _lets_in(rule: Any, interface: Any) -> bool:
    """Return whether a rule of a security group lets an interface in to port 443."""
    if rule.ip_protocol == "tcp":
        if not int(rule.from_port) <= 443 <= int(rule.to_port):
            return False
    elif rule.ip_protocol != "-1":
        return False
    if rule.cidr_ipv4:
        own = ipaddress.ip_address(interface.private_ip_address)
        return own in ipaddress.ip_network(rule.cidr_ipv4, strict=False)
    named = (rule.source_group or {}).get("GroupId")
    return named in {group.id for group in interface.group_set}
