"""What an account may have in a region, and has: where AWS tells, before it refuses."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

# A client for a service, as ``StackState.aws`` gives it.
Aws = Callable[[str], Any]

# Quotas of running on-demand instances, in vCPUs, by the first letters of their types:
# docs.aws.amazon.com/ec2/latest/instancetypes/ec2-instance-quotas.html
STANDARD = "L-1216C47A"
# Of Elastic IPs, and of VPCs and internet gateways in a region.
ADDRESSES, VPCS, GATEWAYS = "L-0263D0A3", "L-F678F1CE", "L-A4707A72"
_VCPUS = {
    **dict.fromkeys("acdhimrtz", STANDARD),
    "g": "L-DB2E81BA",
    "vt": "L-DB2E81BA",
    "p": "L-417A185B",
    "f": "L-74FC7D96",
    "x": "L-7295265B",
    "inf": "L-1945791B",
    "trn": "L-2C3B7624",
    "dl": "L-6E869C2A",
    "hpc": "L-F7808C92",
    "u": "L-43DA4232",
}
# Of these, fewer letters would name another kind.
_WHOLE = ("inf", "trn", "dl", "hpc", "vt", "mac")
_RUNNING = [{"Name": "instance-state-name", "Values": ["pending", "running"]}]


@dataclass(frozen=True)
class Quota:
    """What may be had of something, and how much of it there is already."""

    what: str
    service: str
    code: str
    limit: float
    used: int

    def lacks(self, needed: int) -> bool:
        """Whether AWS would refuse ``needed`` more."""
        return self.used + needed > self.limit

    def ask_for(self, needed: int, region: str) -> str:
        """Return the command that asks AWS for ``needed`` more than are used."""
        return (
            "aws service-quotas request-service-quota-increase"
            f" --service-code {self.service} --quota-code {self.code}"
            f" --desired-value {self.used + needed} --region {region}"
        )

    def __str__(self) -> str:
        return f"{self.used} of {self.limit:.0f} {self.what}"


def vcpu_quota(aws: Aws, instance_type: str, *, but: str = "") -> Quota | None:
    """Return the quota that an instance type counts in; None where AWS doesn't report it.

    ``but`` is an instance that isn't counted, because it is to be another type.
    """
    code = quota_code(instance_type)
    limit = _limit(aws, "ec2", code) if code else None
    if code is None or limit is None:
        return None
    pages = aws("ec2").get_paginator("describe_instances").paginate(Filters=_RUNNING)
    types = [
        instance["InstanceType"]
        for page in pages
        for reservation in page["Reservations"]
        for instance in reservation["Instances"]
        if _counts(instance, code) and instance["InstanceId"] != but
    ]
    vcpus = _vcpus(aws, set(types))
    used = sum(vcpus.get(each, 0) for each in types)
    return Quota("vCPUs of running instances of its kind", "ec2", code, limit, used)


def address_quota(aws: Aws) -> Quota | None:
    """Return the quota of Elastic IPs; None where AWS doesn't report it."""
    limit = _limit(aws, "ec2", ADDRESSES)
    if limit is None:
        return None
    used = len(aws("ec2").describe_addresses()["Addresses"])
    return Quota("Elastic IPs", "ec2", ADDRESSES, limit, used)


def vpc_quota(aws: Aws) -> Quota | None:
    """Return the quota of VPCs; None where AWS doesn't report it."""
    limit = _limit(aws, "vpc", VPCS)
    if limit is None:
        return None
    pages = aws("ec2").get_paginator("describe_vpcs").paginate()
    used = sum(len(page["Vpcs"]) for page in pages)
    return Quota("VPCs", "vpc", VPCS, limit, used)


def quota_code(instance_type: str) -> str | None:
    """Return the code of the quota that an instance type counts in; None where none is known."""
    found = re.match(r"[a-z]+", instance_type)
    family = found[0] if found else ""
    whole = next((name for name in _WHOLE if family.startswith(name)), None)
    return _VCPUS.get(whole or family[:1])


def _counts(instance: dict[str, Any], code: str) -> bool:
    """Whether an instance counts in a quota: spot instances have one of their own."""
    return not instance.get("InstanceLifecycle") and quota_code(instance["InstanceType"]) == code


def _limit(aws: Aws, service: str, code: str) -> float | None:
    from botocore.exceptions import BotoCoreError
    from botocore.exceptions import ClientError

    try:
        found = aws("service-quotas").get_service_quota(ServiceCode=service, QuotaCode=code)
    except (ClientError, BotoCoreError):
        # Most often it isn't allowed to the caller; that they may have servers is another right.
        return None
    return float(found["Quota"]["Value"])


def _vcpus(aws: Aws, types: set[str]) -> dict[str, int]:
    if not types:
        return {}
    described = aws("ec2").describe_instance_types(InstanceTypes=sorted(types))["InstanceTypes"]
    return {each["InstanceType"]: int(each["VCpuInfo"]["DefaultVCpus"]) for each in described}
