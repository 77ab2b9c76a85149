"""Lookups (invokes): what exists already."""

from collections.abc import Callable
from typing import Any

from .cloud import Cloud
from .failures import ProviderError
from .values import Properties

Lookup = Callable[[Cloud, Properties], Properties]


def filters_of(arguments: Properties, **wanted: str | None) -> list[dict[str, Any]]:
    """Return EC2's filters for a lookup's own filters, its tags, and what else is wanted."""
    filters = [
        {"Name": one["name"], "Values": one["values"]} for one in arguments.get("filters") or []
    ]
    filters += [
        {"Name": f"tag:{key}", "Values": [value]}
        for key, value in (arguments.get("tags") or {}).items()
    ]
    filters += [
        {"Name": name.replace("_", "-"), "Values": [value]}
        for name, value in wanted.items()
        if value
    ]
    return filters


def only(found: list[dict[str, Any]], what: str) -> dict[str, Any]:
    """Return the one object found; raise ProviderError for none or several."""
    if len(found) == 1:
        return found[0]
    if not found:
        raise ProviderError(f"No {what} matches.", "Check the id, the filters and the region.")
    raise ProviderError(
        f"{len(found)} {what}s match, and one is needed.",
        "Give an id, or filters that only one of them passes.",
    )


def tags_in(found: dict[str, Any]) -> dict[str, str]:
    """Return an EC2 object's tags."""
    return {tag["Key"]: tag["Value"] for tag in found.get("Tags") or []}


def get_vpc(cloud: Cloud, arguments: Properties) -> Properties:
    """Look a VPC up by id, by filters, or the default one."""
    ec2 = cloud.client("ec2")
    default = {True: "true", False: "false"}.get(arguments.get("default", ""))
    filters = filters_of(
        arguments,
        cidr=arguments.get("cidrBlock"),
        state=arguments.get("state"),
        vpc_id=arguments.get("id"),
        isDefault=default,
    )
    vpc = only(ec2.describe_vpcs(Filters=filters)["Vpcs"], "VPC")
    identifier = vpc["VpcId"]
    tables = ec2.describe_route_tables(
        Filters=[
            {"Name": "vpc-id", "Values": [identifier]},
            {"Name": "association.main", "Values": ["true"]},
        ]
    )["RouteTables"]
    attributes = {
        name: ec2.describe_vpc_attribute(VpcId=identifier, Attribute=name)[
            f"{name[0].upper()}{name[1:]}"
        ]["Value"]
        for name in ("enableDnsSupport", "enableDnsHostnames")
    }
    return {
        "id": identifier,
        "arn": cloud.arn("ec2", f"vpc/{identifier}"),
        "cidrBlock": vpc["CidrBlock"],
        "default": vpc.get("IsDefault", False),
        "cidrBlockAssociations": [
            {
                "associationId": one["AssociationId"],
                "cidrBlock": one["CidrBlock"],
                "state": one["CidrBlockState"]["State"],
            }
            for one in vpc.get("CidrBlockAssociationSet", [])
        ],
        "dhcpOptionsId": vpc.get("DhcpOptionsId", ""),
        "state": vpc["State"],
        "instanceTenancy": vpc.get("InstanceTenancy", "default"),
        "mainRouteTableId": tables[0]["RouteTableId"] if tables else "",
        "ownerId": vpc.get("OwnerId", ""),
        "tags": tags_in(vpc),
        "enableNetworkAddressUsageMetrics": False,
        "ipv6AssociationId": "",
        "ipv6CidrBlock": "",
        "ipv6CidrBlockAssociations": [],
        **attributes,
    }


def get_subnet(cloud: Cloud, arguments: Properties) -> Properties:
    """Look a subnet up by id or by filters."""
    filters = filters_of(
        arguments,
        subnet_id=arguments.get("id"),
        vpc_id=arguments.get("vpcId"),
        availability_zone=arguments.get("availabilityZone"),
        state=arguments.get("state"),
        cidr_block=arguments.get("cidrBlock"),
    )
    subnet = only(cloud.client("ec2").describe_subnets(Filters=filters)["Subnets"], "subnet")
    identifier = subnet["SubnetId"]
    return {
        "id": identifier,
        "vpcId": subnet["VpcId"],
        "cidrBlock": subnet["CidrBlock"],
        "arn": subnet.get("SubnetArn") or cloud.arn("ec2", f"subnet/{identifier}"),
        "availabilityZone": subnet["AvailabilityZone"],
        "state": subnet["State"],
        "availabilityZoneId": subnet.get("AvailabilityZoneId", ""),
        "availableIpAddressCount": subnet.get("AvailableIpAddressCount", 0),
        "defaultForAz": subnet.get("DefaultForAz", False),
        "mapPublicIpOnLaunch": subnet.get("MapPublicIpOnLaunch", False),
        "ownerId": subnet.get("OwnerId", ""),
        "tags": tags_in(subnet),
        "assignIpv6AddressOnCreation": subnet.get("AssignIpv6AddressOnCreation", False),
        "ipv6CidrBlock": "",
        "ipv6CidrBlockAssociationId": "",
        "ipv6Native": False,
        "customerOwnedIpv4Pool": "",
        "mapCustomerOwnedIpOnLaunch": False,
        "outpostArn": "",
        "enableDns64": False,
        "enableLniAtDeviceIndex": 0,
        "enableResourceNameDnsARecordOnLaunch": False,
        "enableResourceNameDnsAaaaRecordOnLaunch": False,
        "privateDnsHostnameTypeOnLaunch": "ip-name",
    }


def get_subnets(cloud: Cloud, arguments: Properties) -> Properties:
    """Look up the ids of all subnets that pass the filters."""
    pages = (
        cloud.client("ec2")
        .get_paginator("describe_subnets")
        .paginate(Filters=filters_of(arguments))
    )
    found = [subnet["SubnetId"] for page in pages for subnet in page["Subnets"]]
    return {"id": cloud.region, "ids": found, "tags": arguments.get("tags", {})}


def get_zones(cloud: Cloud, arguments: Properties) -> Properties:
    """Look up the region's availability zones."""
    answer = cloud.client("ec2").describe_availability_zones(
        Filters=filters_of(arguments, state=arguments.get("state")),
        AllAvailabilityZones=bool(arguments.get("allAvailabilityZones", False)),
    )
    zones = [
        zone
        for zone in answer["AvailabilityZones"]
        if zone["ZoneName"] not in arguments.get("excludeNames", [])
        and zone.get("ZoneId") not in arguments.get("excludeZoneIds", [])
    ]
    return {
        "id": cloud.region,
        "names": sorted(zone["ZoneName"] for zone in zones),
        "zoneIds": [zone.get("ZoneId", "") for zone in zones],
        "groupNames": sorted({zone.get("GroupName") or cloud.region for zone in zones}),
    }


def get_region(cloud: Cloud, arguments: Properties) -> Properties:
    """Tell the region in use."""
    region = arguments.get("name") or cloud.region
    return {
        "id": region,
        "name": region,
        "region": region,
        "description": region,
        "endpoint": f"ec2.{region}.amazonaws.com",
    }


def get_caller(cloud: Cloud, arguments: Properties) -> Properties:
    """Tell who is calling."""
    caller = cloud.client("sts").get_caller_identity()
    return {
        "id": caller["Account"],
        "accountId": caller["Account"],
        "arn": caller["Arn"],
        "userId": caller["UserId"],
    }


def get_partition(cloud: Cloud, arguments: Properties) -> Properties:
    """Tell the partition."""
    return {
        "id": "aws",
        "partition": "aws",
        "dnsSuffix": "amazonaws.com",
        "reverseDnsPrefix": "com.amazonaws",
    }


def get_parameter(cloud: Cloud, arguments: Properties) -> Properties:
    """Look a Systems Manager parameter up."""
    decrypt = bool(arguments.get("withDecryption", True))
    parameter = cloud.client("ssm").get_parameter(Name=arguments["name"], WithDecryption=decrypt)[
        "Parameter"
    ]
    return {
        "id": parameter["Name"],
        "arn": parameter.get("ARN", ""),
        "name": parameter["Name"],
        "type": parameter["Type"],
        "value": parameter["Value"],
        "insecureValue": None if parameter["Type"] == "SecureString" else parameter["Value"],
        "version": parameter.get("Version", 1),
        "withDecryption": decrypt,
    }


def get_hosted_zone(cloud: Cloud, arguments: Properties) -> Properties:
    """Look a hosted zone up by id or by name."""
    route53 = cloud.client("route53")
    identifier = arguments.get("zoneId")
    if not identifier:
        pages = route53.get_paginator("list_hosted_zones").paginate()
        name = f"{arguments.get('name', '').rstrip('.')}."
        private = bool(arguments.get("privateZone", False))
        found = [
            zone
            for page in pages
            for zone in page["HostedZones"]
            if zone["Name"] == name and bool(zone["Config"].get("PrivateZone", False)) == private
        ]
        identifier = only(found, "hosted zone")["Id"].rsplit("/", 1)[-1]
    answer = route53.get_hosted_zone(Id=identifier)
    zone, servers = answer["HostedZone"], answer.get("DelegationSet", {}).get("NameServers", [])
    tags = route53.list_tags_for_resource(ResourceType="hostedzone", ResourceId=identifier)
    return {
        "id": identifier,
        "zoneId": identifier,
        "name": zone["Name"].rstrip("."),
        "arn": f"arn:aws:route53:::hostedzone/{identifier}",
        "nameServers": sorted(servers),
        "primaryNameServer": servers[0] if servers else "",
        "callerReference": zone.get("CallerReference", ""),
        "comment": zone["Config"].get("Comment", ""),
        "privateZone": bool(zone["Config"].get("PrivateZone", False)),
        "resourceRecordSetCount": zone.get("ResourceRecordSetCount", 0),
        "linkedServiceDescription": "",
        "linkedServicePrincipal": "",
        "vpcId": "",
        "enableAcceleratedRecovery": False,
        "tags": {tag["Key"]: tag["Value"] for tag in tags["ResourceTagSet"]["Tags"]},
    }
