"""Whether the account may run as many vCPUs as another instance type needs."""

import re
from typing import Any

from workbench.tasks.resize_types import InstanceType
from workbench.tasks.resize_types import UnfitTypeError
from workbench.tasks.stack_state import StackState

# Quotas count the vCPUs of running on-demand instances, by groups of families.
# docs.aws.amazon.com/ec2/latest/instancetypes/ec2-instance-quotas.html
_GROUPS = (
    (re.compile(r"(?:dl)\d"), "L-6E869C2A"),
    (re.compile(r"(?:inf)\d"), "L-1945791B"),
    (re.compile(r"(?:trn)\d"), "L-2C3B7624"),
    (re.compile(r"(?:hpc)\d"), "L-F7808C92"),
    (re.compile(r"u-|u\d"), "L-43DA4232"),
    (re.compile(r"(?:g|gr|vt)\d"), "L-DB2E81BA"),
    (re.compile(r"p\d"), "L-417A185B"),
    (re.compile(r"f\d"), "L-74FC7D96"),
    (re.compile(r"x\d"), "L-7295265B"),
    (re.compile(r"[acdhimrtz]"), "L-1216C47A"),
)


def quota_code(instance_type: str) -> str:
    """Return the code of the quota that an instance type counts towards; empty if unknown."""
    return next((code for family, code in _GROUPS if family.match(instance_type)), "")


def check_quota(state: StackState, instance_id: str, wanted: InstanceType) -> str:
    """Return a line on the quota; raise where the type would exceed it."""
    from botocore.exceptions import BotoCoreError
    from botocore.exceptions import ClientError

    code = quota_code(wanted.name)
    try:
        quota = state.aws("service-quotas").get_service_quota(ServiceCode="ec2", QuotaCode=code)
        most = float(quota["Quota"]["Value"])
        used = _used(state.aws("ec2"), code, but=instance_id)
    except (ClientError, BotoCoreError) as error:
        said = getattr(error, "response", {}).get("Error", {}).get("Code") or type(error).__name__
        return f"Whether the account's vCPU quota allows it isn't known ({said})."
    if used + wanted.vcpus > most:
        raise UnfitTypeError(
            f"{wanted.name} has {wanted.vcpus} vCPUs, and the account's quota has room for"
            f" {max(0, most - used):.0f}: {most:.0f}, of which others use {used}.",
            f"aws service-quotas request-service-quota-increase --service-code ec2"
            f" --quota-code {code} --desired-value {used + wanted.vcpus}",
        )
    return f"vCPU quota: {used + wanted.vcpus} of {most:.0f} in use afterwards."


def _used(ec2: Any, code: str, *, but: str) -> int:
    """Return the vCPUs of other running instances that count towards a quota."""
    running = [{"Name": "instance-state-name", "Values": ["pending", "running"]}]
    used = 0
    for page in ec2.get_paginator("describe_instances").paginate(Filters=running):
        for instance in (each for group in page["Reservations"] for each in group["Instances"]):
            counts = quota_code(instance["InstanceType"]) == code and not instance.get(
                "InstanceLifecycle"
            )
            if instance["InstanceId"] != but and counts:
                used += _vcpus(ec2, instance)
    return used


def _vcpus(ec2: Any, instance: dict[str, Any]) -> int:
    options = instance.get("CpuOptions") or {}
    if options.get("CoreCount"):
        return int(options["CoreCount"]) * int(options.get("ThreadsPerCore", 1))
    found = ec2.describe_instance_types(InstanceTypes=[instance["InstanceType"]])
    return int(found["InstanceTypes"][0]["VCpuInfo"]["DefaultVCpus"])
