"""Lookups of networks: VPCs, subnets, security groups and zones."""

from .cloud import Cloud
from .lookups import filters_of
from .lookups import only
from .lookups import tags_in
from .values import Properties


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
        "dhcpOptionsId": vpc.get("DhcpOptionsId", ""),
        "state": vpc["State"],
        "instanceTenancy": vpc.get("InstanceTenancy", "default"),
        "mainRouteTableId": tables[0]["RouteTableId"] if tables else "",
        "ownerId": vpc.get("OwnerId", ""),
        "tags": tags_in(vpc),
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


def get_security_group(cloud: Cloud, arguments: Properties) -> Properties:
    """Look a security group up by id, by name or by filters."""
    filters = filters_of(
        arguments,
        group_id=arguments.get("id"),
        group_name=arguments.get("name"),
        vpc_id=arguments.get("vpcId"),
    )
    found = cloud.client("ec2").describe_security_groups(Filters=filters)["SecurityGroups"]
    group = only(found, "security group")
    identifier = group["GroupId"]
    return {
        "id": identifier,
        "arn": cloud.arn("ec2", f"security-group/{identifier}"),
        "name": group["GroupName"],
        "description": group["Description"],
        "vpcId": group.get("VpcId", ""),
        "tags": tags_in(group),
    }


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
