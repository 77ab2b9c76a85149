"""The network that a server is in: a VPC with a public subnet, with private ones too, or yours."""

import ipaddress
from collections.abc import Sequence
from typing import NotRequired
from typing import TypedDict

import pulumi
import pulumi_aws as aws

from workbench.components.component import Component
from workbench.components.errors import ArgumentError
from workbench.components.late import after
from workbench.components.lookups import look_up
from workbench.components.private_network import PRIVATE_PARTS
from workbench.components.private_network import PrivateNetwork
from workbench.components.private_network import check_endpoint_services
from workbench.components.private_network import check_way_out
from workbench.components.subnet_ranges import find_range
from workbench.components.subnet_ranges import parts_of
from workbench.components.validation import check_network


class NetworkArgs(TypedDict):
    """Where the server is: in a network of its own (the default), or in a subnet you have."""

    subnet_id: NotRequired[pulumi.Input[str]]
    """An existing subnet to use: for a server with a public address, one with a route to an
    internet gateway. Nothing is created then, and the other arguments must be left out."""

    availability_zone: NotRequired[pulumi.Input[str]]
    """The zone of the new subnet, for example `us-east-1a`. Default: the first zone that offers
    `instance_type`, chosen once."""

    instance_type: NotRequired[str]
    """The instance type that the zone must offer, if the zone is chosen automatically."""

    cidr_block: NotRequired[str]
    """The new VPC's range of private addresses in CIDR notation. Default: `10.20.0.0/16`."""

    subnet_cidr_block: NotRequired[str]
    """The new subnet's part of that range. Default: 256 addresses that depend on the zone, so that
    a subnet in another zone can be created while this one still exists."""

    map_public_ip_on_launch: NotRequired[pulumi.Input[bool]]
    """Whether instances launched in the new public subnet get a public address. Default: true."""

    private_network: NotRequired[str]
    """Creates a public and a private subnet in each of two zones, and the way out of the private
    ones: `nat`, a NAT gateway ($0.045 an hour, about $33 a month, its address $3.65, and $0.045 for
    each GB; in us-east-1), or `endpoints`, only S3's gateway endpoint, which is free. `nat`
    includes that, too. Default: one public subnet, and no private ones."""

    endpoint_services: NotRequired[list[str]]
    """With `private_network`, AWS services with an interface endpoint in the private subnet of the
    server's zone, for example `ssm` and `ssmmessages`: about $7.30 a month for each. Default:
    none."""


class Network(Component):
    """A VPC with one public subnet, an internet gateway and a route to it; or an existing subnet.

    With `private_network`, public and private subnets in two zones.
    """

    vpc_id: pulumi.Output[str]
    """The VPC."""

    subnet_id: pulumi.Output[str]
    """The subnet for a server: the public one, or with `private_network` the private one. Resources
    in this subnet and the others are created after their way out."""

    public_subnet_ids: pulumi.Output[list[str]]
    """The public subnets, that of the server's zone first: two with `private_network`, in two
    zones, as a load balancer needs them; otherwise one. None for an existing subnet."""

    private_subnet_ids: pulumi.Output[list[str]]
    """The private subnets, that of the server's zone first: two with `private_network`, otherwise
    none."""

    availability_zone: pulumi.Output[str]
    """The zone of `subnet_id`, where the data volume must be, too."""

    @classmethod
    def check(cls, name: str, args: NetworkArgs) -> None:
        """Raise ArgumentError for a value that can't be used, as far as it is known by now."""
        if args.get("subnet_id") is None:
            vpc_range, subnet_range = _ranges(args)
            _check_private(args, vpc_range, subnet_range)
            return
        unused = sorted(key for key, value in args.items() if value is not None)
        unused = [key for key in unused if key not in ("subnet_id", "instance_type")]
        if unused:
            raise ArgumentError(
                f"{' and '.join(unused)} can't be used with an existing subnet.",
                f"Leave out {' and '.join(unused)}, or leave out subnet_id.",
            )

    def __init__(
        self, name: str, args: NetworkArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("workbench:index:Network", name, {}, opts)
        self.public_subnet_ids = self.private_subnet_ids = pulumi.Output.from_input([])
        subnet_id = args.get("subnet_id")
        if subnet_id is None:
            self._create_subnet(name, args)
        else:
            self._use_subnet(subnet_id)
        self.register_outputs(
            {
                "vpcId": self.vpc_id,
                "subnetId": self.subnet_id,
                "publicSubnetIds": self.public_subnet_ids,
                "privateSubnetIds": self.private_subnet_ids,
                "availabilityZone": self.availability_zone,
            }
        )

    def _use_subnet(self, subnet_id: pulumi.Input[str]) -> None:
        subnet = pulumi.Output.from_input(subnet_id).apply(self._find_subnet)
        self.vpc_id = subnet.vpc_id
        self.subnet_id = pulumi.Output.from_input(subnet_id)
        self.availability_zone = subnet.availability_zone

    def _find_subnet(self, subnet_id: str) -> aws.ec2.AwaitableGetSubnetResult:
        return look_up(
            lambda: aws.ec2.get_subnet(id=subnet_id, opts=pulumi.InvokeOptions(parent=self)),
            f"AWS does not show the subnet {subnet_id!r} in this region",
            "List yours with: aws ec2 describe-subnets",
        )

    def _create_subnet(self, name: str, args: NetworkArgs) -> None:
        vpc_range, subnet_range = _ranges(args)
        own = pulumi.ResourceOptions(parent=self)
        vpc = aws.ec2.Vpc(
            f"{name}-vpc",
            cidr_block=vpc_range,
            enable_dns_support=True,
            enable_dns_hostnames=True,
            tags={"Name": name},
            opts=own,
        )
        way_out = args.get("private_network")
        given = args.get("availability_zone")
        zone = self._first_zone(args.get("instance_type")) if given is None else given
        parts = parts_of(vpc_range, PRIVATE_PARTS if way_out else 1)
        subnet = aws.ec2.Subnet(
            f"{name}-subnet",
            vpc_id=vpc.id,
            cidr_block=subnet_range
            or find_range(self, name, vpc, parts, zone, is_fixed=given is not None),
            availability_zone=zone,
            map_public_ip_on_launch=args.get("map_public_ip_on_launch", True),
            tags={"Name": name},
            # A zone that AWS adds later must not move the subnet, and the server with it.
            opts=pulumi.ResourceOptions(
                parent=self, ignore_changes=["availabilityZone"] if given is None else []
            ),
        )
        route, way = self._route_to_internet(name, vpc, subnet)
        self.vpc_id = vpc.id
        self.subnet_id = after(subnet.id, [route, way])
        self.public_subnet_ids = after(_ids(subnet), [route, way])
        self.availability_zone = subnet.availability_zone
        if way_out:
            private = PrivateNetwork(self, name, vpc, parts, subnet, route)
            private.public_ways.append(way)
            self._create_private(args, private)

    def _create_private(self, args: NetworkArgs, private: PrivateNetwork) -> None:
        private.create_subnets(self._zones())
        if args.get("private_network") == "nat":
            private.create_nat_gateway()
        private.create_endpoints(args.get("endpoint_services") or [])
        self.subnet_id = after(private.subnet.id, private.ways)
        public, inner = (private.public, private.second_public), (private.subnet, private.second)
        self.public_subnet_ids = after(_ids(*public), private.public_ways)
        self.private_subnet_ids = after(_ids(*inner), private.ways)
        self.availability_zone = private.subnet.availability_zone

    def _route_to_internet(
        self, name: str, vpc: aws.ec2.Vpc, subnet: aws.ec2.Subnet
    ) -> tuple[aws.ec2.Route, aws.ec2.RouteTableAssociation]:
        own = pulumi.ResourceOptions(parent=self)
        tags = {"Name": name}
        gateway = aws.ec2.InternetGateway(
            f"{name}-internet-gateway", vpc_id=vpc.id, tags=tags, opts=own
        )
        routes = aws.ec2.RouteTable(f"{name}-route-table", vpc_id=vpc.id, tags=tags, opts=own)
        route = aws.ec2.Route(
            f"{name}-route",
            route_table_id=routes.id,
            destination_cidr_block="0.0.0.0/0",
            gateway_id=gateway.id,
            opts=own,
        )
        association = aws.ec2.RouteTableAssociation(
            f"{name}-route-table-association",
            route_table_id=routes.id,
            subnet_id=subnet.id,
            opts=own,
        )
        return route, association

    def _zones(self) -> pulumi.Output[Sequence[str]]:
        return aws.get_availability_zones_output(
            state="available",
            # Local Zones and Wavelength Zones, which an account opts in to, are of another kind.
            filters=[{"name": "opt-in-status", "values": ["opt-in-not-required"]}],
            opts=pulumi.InvokeOptions(parent=self),
        ).names

    def _first_zone(self, instance_type: str | None) -> pulumi.Output[str]:
        opts = pulumi.InvokeOptions(parent=self)
        zones = self._zones()
        if instance_type is None:
            return zones.apply(lambda names: sorted(names)[0])
        offerings = aws.ec2.get_instance_type_offerings_output(
            location_type="availability-zone",
            filters=[{"name": "instance-type", "values": [instance_type]}],
            opts=opts,
        )
        return pulumi.Output.all(zones, offerings.locations).apply(
            lambda both: _first(set(both[0]) & set(both[1]), instance_type)
        )


def _ids(*subnets: aws.ec2.Subnet) -> pulumi.Output[list[str]]:
    return pulumi.Output.all(*(each.id for each in subnets)).apply(list)


def _first(zones: set[str], instance_type: str) -> str:
    if not zones:
        raise ArgumentError(
            f"No zone of this region offers the instance type {instance_type!r}.",
            "List those on offer with: aws ec2 describe-instance-type-offerings",
        )
    return sorted(zones)[0]


def _check_private(args: NetworkArgs, vpc_range: str, subnet_range: str | None) -> None:
    way_out = args.get("private_network")
    services = args.get("endpoint_services")
    if way_out is None:
        if services:
            raise ArgumentError(
                "endpoint_services are reached from private subnets, and there is no"
                " private_network.",
                "Give private_network, too, or leave out endpoint_services.",
            )
        return
    check_way_out(way_out, "private_network")
    check_endpoint_services(services or [], "endpoint_services")
    if subnet_range is not None:
        raise ArgumentError(
            "subnet_cidr_block is of one subnet, and private_network makes four.",
            "Leave out subnet_cidr_block: each gets a part of cidr_block.",
        )
    if ipaddress.ip_network(vpc_range).prefixlen > 24:
        raise ArgumentError(
            f"cidr_block is {vpc_range}, which has no room for the four subnets of"
            " private_network.",
            "Give one from /16 to /24, for example 10.20.0.0/16.",
        )


def _ranges(args: NetworkArgs) -> tuple[str, str | None]:
    """Return the VPC's range, and the subnet's where one is given."""
    vpc_range = check_network(args.get("cidr_block") or "10.20.0.0/16", "cidr_block")
    whole = ipaddress.ip_network(vpc_range)
    if whole.version != 4 or not 16 <= whole.prefixlen <= 28:
        raise ArgumentError(
            f"cidr_block is {vpc_range!r}, but a VPC's range is IPv4, from /16 to /28.",
            "For example: 10.20.0.0/16",
        )
    given = args.get("subnet_cidr_block")
    if not given:
        return vpc_range, None
    subnet_range = check_network(given, "subnet_cidr_block")
    part = ipaddress.ip_network(subnet_range)
    if part.version != 4 or part.prefixlen > 28 or not part.subnet_of(whole):
        raise ArgumentError(
            f"subnet_cidr_block is {subnet_range!r}, which isn't a part of {vpc_range}.",
            f"For example: {parts_of(vpc_range)[0]}",
        )
    return vpc_range, subnet_range
