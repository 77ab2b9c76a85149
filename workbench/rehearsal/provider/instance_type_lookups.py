"""Lookups of what an instance type has, and of where it is offered."""

from .cloud import Cloud
from .lookups import filters_of
from .lookups import only
from .values import Properties


def get_instance_type(cloud: Cloud, arguments: Properties) -> Properties:
    """Look up processors and memory of an instance type; an unknown one is refused by AWS."""
    name = arguments["instanceType"]
    found = cloud.client("ec2").describe_instance_types(InstanceTypes=[name])["InstanceTypes"]
    kind = only(found, f"instance type {name}")
    return {
        "id": name,
        "instanceType": name,
        "currentGeneration": kind["CurrentGeneration"],
        "defaultCores": kind["VCpuInfo"].get("DefaultCores", 0),
        "defaultVcpus": kind["VCpuInfo"]["DefaultVCpus"],
        "freeTierEligible": kind["FreeTierEligible"],
        "memorySize": kind["MemoryInfo"]["SizeInMiB"],
        "supportedArchitectures": kind["ProcessorInfo"]["SupportedArchitectures"],
    }


def get_instance_type_offerings(cloud: Cloud, arguments: Properties) -> Properties:
    """Look up which instance types are offered where."""
    kind = arguments.get("locationType") or "region"
    pages = (
        cloud.client("ec2")
        .get_paginator("describe_instance_type_offerings")
        .paginate(LocationType=kind, Filters=filters_of(arguments))
    )
    found = [one for page in pages for one in page["InstanceTypeOfferings"]]
    return {
        "id": cloud.region,
        "locationType": kind,
        "instanceTypes": [one["InstanceType"] for one in found],
        "locations": [one["Location"] for one in found],
        "locationTypes": [one["LocationType"] for one in found],
    }
