"""The table: every resource type and every lookup the rehearsal knows."""

from . import addresses
from . import backup_plans
from . import backup_vaults
from . import bucket_objects
from . import bucket_settings
from . import buckets
from . import certificates
from . import hosted_zones
from . import iam_policies
from . import iam_roles
from . import image_lookups
from . import instance_connect_endpoints
from . import instance_type_lookups
from . import instances
from . import internet_gateways
from . import key_pairs
from . import load_balancers
from . import lookups
from . import nat_gateways
from . import network_lookups
from . import records
from . import route_tables
from . import routes
from . import security_group_rules
from . import security_groups
from . import subnets
from . import volume_attachments
from . import volumes
from . import vpc_endpoints
from . import vpcs
from .failures import ProviderError
from .lookups import Lookup
from .resource import ResourceType

_SERVICES = (
    vpcs,
    subnets,
    internet_gateways,
    nat_gateways,
    vpc_endpoints,
    route_tables,
    routes,
    security_groups,
    security_group_rules,
    key_pairs,
    iam_roles,
    iam_policies,
    volumes,
    volume_attachments,
    instances,
    instance_connect_endpoints,
    addresses,
    buckets,
    bucket_settings,
    bucket_objects,
    hosted_zones,
    records,
    backup_vaults,
    backup_plans,
    certificates,
    load_balancers,
)
TYPES: dict[str, ResourceType] = {row.type: row for service in _SERVICES for row in service.ROWS}

# Lookups by token, with the outputs that are secret whatever the arguments were.
INVOKES: dict[str, Lookup] = {
    "aws:ec2/getVpc:getVpc": network_lookups.get_vpc,
    "aws:ec2/getAmi:getAmi": image_lookups.get_image,
    "aws:ec2/getSecurityGroup:getSecurityGroup": network_lookups.get_security_group,
    "aws:ec2/getSubnet:getSubnet": network_lookups.get_subnet,
    "aws:ec2/getSubnets:getSubnets": network_lookups.get_subnets,
    "aws:index/getAvailabilityZones:getAvailabilityZones": network_lookups.get_zones,
    "aws:index/getRegion:getRegion": lookups.get_region,
    "aws:index/getCallerIdentity:getCallerIdentity": lookups.get_caller,
    "aws:index/getPartition:getPartition": lookups.get_partition,
    "aws:ebs/getVolume:getVolume": volumes.get_volume,
    "aws:ec2/getInstanceType:getInstanceType": instance_type_lookups.get_instance_type,
    "aws:ec2/getInstanceTypeOfferings:getInstanceTypeOfferings": (
        instance_type_lookups.get_instance_type_offerings
    ),
    "aws:iam/getInstanceProfile:getInstanceProfile": iam_roles.get_profile,
    "aws:ssm/getParameter:getParameter": lookups.get_parameter,
    "aws:route53/getZone:getZone": lookups.get_hosted_zone,
}
SECRET_RESULTS = {"aws:ssm/getParameter:getParameter": frozenset({"value"})}


def find_type(token: str) -> ResourceType:
    """Return a resource type's row, or raise ProviderError naming the type."""
    if token in TYPES:
        return TYPES[token]
    raise ProviderError(
        f"The rehearsal's AWS plugin does not know the resource type {token}.",
        "Use a type it knows (docs/rehearsal.md lists them), or run this program on AWS itself.",
    )


def find_invoke(token: str) -> Lookup:
    """Return a lookup, or raise ProviderError naming it."""
    if token in INVOKES:
        return INVOKES[token]
    raise ProviderError(
        f"The rehearsal's AWS plugin does not know the lookup {token}.",
        "Use a lookup it knows (docs/rehearsal.md lists them), or run this program on AWS itself.",
    )
