"""A program with a workbench behind a load balancer, in a network of the program's own."""

PROGRAM = """\
import pulumi
import pulumi_aws as aws
from workbench import Entrance
from workbench import Workbench
from workbench import read_configuration

shared = read_configuration()
vpc = aws.ec2.Vpc("vpc", cidr_block="10.77.0.0/16", enable_dns_hostnames=True)
gateway = aws.ec2.InternetGateway("gateway", vpc_id=vpc.id)
table = aws.ec2.RouteTable("table", vpc_id=vpc.id)
route = aws.ec2.Route(
    "route", route_table_id=table.id, destination_cidr_block="0.0.0.0/0", gateway_id=gateway.id
)
subnets = []
for number, zone in enumerate(("us-east-1a", "us-east-1b")):
    subnet = aws.ec2.Subnet(
        zone, vpc_id=vpc.id, cidr_block=f"10.77.{number}.0/24", availability_zone=zone
    )
    way = aws.ec2.RouteTableAssociation(zone, route_table_id=table.id, subnet_id=subnet.id)
    subnets.append(pulumi.Output.all(subnet.id, way.id, route.id).apply(lambda ids: ids[0]))
zone = aws.route53.Zone("zone", name=shared["domain"])
entrance = Entrance(
    "lab",
    {"subnet_ids": subnets, "domain": shared["domain"], "zone_id": zone.zone_id},
    pulumi.ResourceOptions(depends_on=[route]),
)
workbench = Workbench(
    "do4ds-lab",
    {
        **shared,
        "create_zone": False,
        "subnet_id": subnets[0],
        "entrance": entrance.entry,
        "routes": [{"path": "/sink/", "port": 81, "open": True}],
    },
    pulumi.ResourceOptions(depends_on=[route]),
)
for name, value in workbench.stack_outputs().items():
    pulumi.export(name, value)
"""
