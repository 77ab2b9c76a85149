"""Private subnets alongside public ones, in two zones, and what leads out of them."""

import re
from collections.abc import Sequence

import pulumi
import pulumi_aws as aws

from workbench.components.component import unprotected
from workbench.components.errors import ArgumentError
from workbench.components.subnet_ranges import PRIVATE
from workbench.components.subnet_ranges import SECOND
from workbench.components.subnet_ranges import SECOND_PRIVATE
from workbench.components.subnet_ranges import Place
from workbench.components.subnet_ranges import find_places
from workbench.components.validation import check_texts
from workbench.components.validation import shown

WAYS_OUT = NAT, ENDPOINTS = ("nat", "endpoints")
# Four subnets, and as many again while they move to another zone. Of the smallest VPC, a /24, each
# part is a /27 then, the least that a load balancer takes.
PRIVATE_PARTS = 8


def check_way_out(value: object, what: str) -> str:
    """Return what leads out of private subnets."""
    if value not in WAYS_OUT:
        raise ArgumentError(
            f"{what} is {shown(value)}, but must be one of: {', '.join(WAYS_OUT)}.",
            "nat is a NAT gateway, for all of the internet; endpoints is for S3 alone.",
        )
    return str(value)


def check_endpoint_services(value: object, what: str) -> list[str]:
    """Return AWS's services by their names in an endpoint's, such as ``ssm``."""
    names = check_texts(value, what)
    for index, name in enumerate(names):
        if name == "s3" or not re.fullmatch(r"[a-z0-9][a-z0-9.-]*", name):
            reason = "has its own endpoint already" if name == "s3" else "isn't a service's name"
            raise ArgumentError(
                f"{what}[{index}] is {shown(name)}, which {reason}.",
                "List those there are with: aws ec2 describe-vpc-endpoint-services",
            )
    if len(set(names)) < len(names):
        raise ArgumentError(f"{what} has a service twice.", "Name each once.")
    return names


def _part_of(places: pulumi.Output[dict[str, Place]], suffix: str, name: str) -> pulumi.Output[str]:
    return places.apply(lambda known: str(getattr(known[suffix], name)))


class PrivateNetwork:
    """The private half of a network: its subnets, and what leads out of them."""

    subnet: "aws.ec2.Subnet"
    """The private subnet in the zone of ``public``."""

    second_public: "aws.ec2.Subnet"
    """A public subnet in another zone."""

    second: "aws.ec2.Subnet"
    """The private subnet there."""

    ways: list[pulumi.Resource]
    """What leads out of the private subnets."""

    public_ways: list[pulumi.Resource]
    """What leads out of the public ones."""

    def __init__(
        self,
        network: pulumi.Resource,
        name: str,
        vpc: "aws.ec2.Vpc",
        parts: Sequence[str],
        public: "aws.ec2.Subnet",
        route: "aws.ec2.Route",
    ) -> None:
        self._network = network
        self._own = pulumi.ResourceOptions(parent=network)
        self._name = name
        self._vpc = vpc
        self._parts = parts
        self.public = public
        # The way to the internet: it is there before what needs it, and goes after it.
        self._route = route
        self.ways = []
        self.public_ways = [route]

    def create_subnets(self, zones: pulumi.Input[Sequence[str]]) -> None:
        """Make the subnets and the private ones' route table."""
        places = find_places(self._network, self._name, self._vpc, self._parts, self.public, zones)
        made = {}
        for suffix in (PRIVATE, SECOND, SECOND_PRIVATE):
            made[suffix] = aws.ec2.Subnet(
                f"{self._name}-{suffix}-subnet",
                vpc_id=self._vpc.id,
                cidr_block=_part_of(places, suffix, "cidr_block"),
                availability_zone=_part_of(places, suffix, "zone"),
                map_public_ip_on_launch=False,
                tags={"Name": f"{self._name}-{suffix}"},
                opts=self._own,
            )
        self.subnet, self.second_public, self.second = made.values()
        self._table = aws.ec2.RouteTable(
            f"{self._name}-private-route-table",
            vpc_id=self._vpc.id,
            tags={"Name": f"{self._name}-private"},
            opts=self._own,
        )
        tables = {SECOND: self._route.route_table_id}
        for suffix, subnet in made.items():
            association = aws.ec2.RouteTableAssociation(
                f"{self._name}-{suffix}-route-table-association",
                route_table_id=tables.get(suffix, self._table.id),
                subnet_id=subnet.id,
                opts=self._own,
            )
            (self.public_ways if suffix in tables else self.ways).append(association)

    def create_nat_gateway(self) -> None:
        """Make one NAT gateway, in the server's zone, and the private subnets' route to it."""
        tags = {"Name": f"{self._name}-nat"}
        address = aws.ec2.Eip(
            f"{self._name}-nat-address",
            domain="vpc",
            tags=tags,
            opts=pulumi.ResourceOptions(parent=self._network, depends_on=[self._route]),
        )
        gateway = aws.ec2.NatGateway(
            f"{self._name}-nat-gateway",
            allocation_id=address.allocation_id,
            subnet_id=self.public.id,
            tags=tags,
            opts=pulumi.ResourceOptions(
                parent=self._network,
                depends_on=[self._route],
                # An address is of one gateway: with the server's zone, both move.
                delete_before_replace=True,
            ),
        )
        route = aws.ec2.Route(
            f"{self._name}-private-route",
            route_table_id=self._table.id,
            destination_cidr_block="0.0.0.0/0",
            nat_gateway_id=gateway.id,
            opts=self._own,
        )
        self.ways.append(route)

    def create_endpoints(self, services: Sequence[str]) -> None:
        """Make S3's gateway endpoint, and an interface endpoint for each of the services."""
        opts = pulumi.InvokeOptions(parent=self._network)
        region = aws.get_region_output(opts=opts).region
        endpoint = aws.ec2.VpcEndpoint(
            f"{self._name}-s3-endpoint",
            vpc_id=self._vpc.id,
            service_name=pulumi.Output.concat("com.amazonaws.", region, ".s3"),
            vpc_endpoint_type="Gateway",
            route_table_ids=[self._table.id],
            tags={"Name": f"{self._name}-s3"},
            opts=self._own,
        )
        self.ways.append(endpoint)
        groups = [self._open_to_vpc().id] if services else []
        for service in services:
            endpoint = aws.ec2.VpcEndpoint(
                f"{self._name}-{service}-endpoint",
                vpc_id=self._vpc.id,
                service_name=pulumi.Output.concat("com.amazonaws.", region, ".", service),
                vpc_endpoint_type="Interface",
                # AWS's own name for the service points to the endpoint then.
                private_dns_enabled=True,
                subnet_ids=[self.subnet.id],
                security_group_ids=groups,
                tags={"Name": f"{self._name}-{service}"},
                opts=self._own,
            )
            self.ways.append(endpoint)

    def _open_to_vpc(self) -> "aws.ec2.SecurityGroup":
        group = aws.ec2.SecurityGroup(
            f"{self._name}-endpoints",
            vpc_id=self._vpc.id,
            description="HTTPS to the endpoints, from the VPC",
            tags={"Name": f"{self._name}-endpoints"},
            opts=self._own,
        )
        aws.vpc.SecurityGroupIngressRule(
            f"{self._name}-endpoints-https",
            security_group_id=group.id,
            ip_protocol="tcp",
            from_port=443,
            to_port=443,
            cidr_ipv4=self._vpc.cidr_block,
            opts=unprotected(self._own),
        )
        return group
