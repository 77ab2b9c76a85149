"""What a server can't become is refused with the reason, before anything stops."""

import copy
from typing import Any

import pytest
from botocore.exceptions import ClientError

from workbench.remote.instance_quota import check_quota
from workbench.remote.instance_types import InstanceType
from workbench.remote.instance_types import UnfitTypeError
from workbench.remote.instance_types import check_fits
from workbench.remote.instance_types import read_type

INSTANCE: dict[str, Any] = {
    "InstanceId": "i-1",
    "InstanceType": "t3.medium",
    "Architecture": "x86_64",
    "VirtualizationType": "hvm",
    "RootDeviceType": "ebs",
    "EnaSupport": True,
    "CurrentInstanceBootMode": "legacy-bios",
    "Placement": {"AvailabilityZone": "us-east-1a"},
    "BlockDeviceMappings": [{"Ebs": {"VolumeId": "vol-1"}}, {"Ebs": {"VolumeId": "vol-2"}}],
    "NetworkInterfaces": [{"PrivateIpAddresses": [{"Primary": True}]}],
}
FACTS: dict[str, Any] = {
    "VCpuInfo": {"DefaultVCpus": 2},
    "MemoryInfo": {"SizeInMiB": 8192},
    "ProcessorInfo": {"SupportedArchitectures": ["x86_64"]},
    "SupportedVirtualizationTypes": ["hvm"],
    "SupportedRootDeviceTypes": ["ebs"],
    "SupportedBootModes": ["legacy-bios", "uefi"],
    "EbsInfo": {"MaximumEbsAttachments": 27, "AttachmentLimitType": "shared"},
    "NetworkInfo": {
        "EnaSupport": "required",
        "MaximumNetworkInterfaces": 3,
        "Ipv4AddressesPerInterface": 12,
    },
}


def refusal(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": code}}, "Call")


class Ec2:
    """EC2 with one type on offer, in some zones."""

    def __init__(self, zones: list[str] | None = None, *, protected: bool = False) -> None:
        self.zones = ["us-east-1a", "us-east-1b"] if zones is None else zones
        self.protected = protected
        self.others: list[dict[str, Any]] = []

    def describe_instance_types(self, InstanceTypes: list[str]) -> Any:
        if InstanceTypes == ["t9.huge"]:
            raise refusal("InvalidInstanceType")
        if InstanceTypes == ["t3.secret"]:
            raise refusal("UnauthorizedOperation")
        return {"InstanceTypes": [FACTS | {"InstanceType": each} for each in InstanceTypes]}

    def describe_instance_type_offerings(self, **_: Any) -> Any:
        return {"InstanceTypeOfferings": [{"Location": zone} for zone in self.zones]}

    def describe_instance_attribute(self, **_: Any) -> Any:
        return {"DisableApiStop": {"Value": self.protected}}

    def get_paginator(self, _: str) -> Any:
        return self

    def paginate(self, **_: Any) -> Any:
        return [{"Reservations": [{"Instances": self.others}]}]


def wanted(**changes: Any) -> InstanceType:
    facts = copy.deepcopy(FACTS)
    for key, value in changes.items():
        facts[key] = facts[key] | value if isinstance(value, dict) else value
    return InstanceType("t3.large", facts)


def test_a_type_is_read() -> None:
    found = read_type(Ec2(), "t3.large")
    assert (found.vcpus, found.memory_gib) == (2, 8.0)


def test_an_unknown_type_is_told_and_other_errors_are_not_taken_for_it() -> None:
    with pytest.raises(UnfitTypeError, match=r"no instance type 't9\.huge'"):
        read_type(Ec2(), "t9.huge")
    with pytest.raises(ClientError):
        read_type(Ec2(), "t3.secret")


def test_what_fits_is_let_through() -> None:
    check_fits(Ec2(), INSTANCE, wanted(), "lab")


@pytest.mark.parametrize(
    ("then", "instance", "said"),
    [
        ({"ProcessorInfo": {"SupportedArchitectures": ["arm64"]}}, {}, "the type is arm64"),
        ({"SupportedVirtualizationTypes": ["paravirtual"]}, {}, "virtualization is hvm"),
        ({"SupportedBootModes": ["uefi"]}, {}, "boots by legacy-bios, and the type by uefi"),
        ({}, {"EnaSupport": False}, "no driver for the type's network"),
        ({"SupportedRootDeviceTypes": ["instance-store"]}, {}, "root device can't stay"),
        (
            {"EbsInfo": {"MaximumEbsAttachments": 1, "AttachmentLimitType": "dedicated"}},
            {},
            "it has 2 volumes, and the type takes 1",
        ),
        (
            {"EbsInfo": {"MaximumEbsAttachments": 27}},
            {"BlockDeviceMappings": [{"Ebs": {"VolumeId": f"vol-{n}"}} for n in range(28)]},
            "it has 28 volumes",
        ),
        (
            {"NetworkInfo": {"MaximumNetworkInterfaces": 1}},
            {"NetworkInterfaces": [{}, {}]},
            "2 network interfaces",
        ),
        (
            {"NetworkInfo": {"Ipv4AddressesPerInterface": 2}},
            {"NetworkInterfaces": [{"PrivateIpAddresses": [{}, {}, {}]}]},
            "has 3 addresses",
        ),
    ],
)
def test_what_does_not_fit_is_refused(
    then: dict[str, Any], instance: dict[str, Any], said: str
) -> None:
    with pytest.raises(UnfitTypeError, match=said):
        check_fits(Ec2(), INSTANCE | instance, wanted(**then), "lab")


def test_another_architecture_is_for_a_new_server() -> None:
    arm = wanted(ProcessorInfo={"SupportedArchitectures": ["arm64"]})
    with pytest.raises(UnfitTypeError, match="arm64") as refused:
        check_fits(Ec2(), INSTANCE, arm, "lab")
    assert refused.value.hint.startswith("workbench resize t3.large --replace --stack lab ")


def test_a_type_of_other_zones_is_refused_with_those() -> None:
    with pytest.raises(UnfitTypeError, match=r"in us-east-1a, .* only in us-east-1c"):
        check_fits(Ec2(["us-east-1c"]), INSTANCE, wanted(), "lab")
    with pytest.raises(UnfitTypeError, match="nor in any other"):
        check_fits(Ec2([]), INSTANCE, wanted(), "lab")


def test_a_server_that_may_not_be_stopped_is_left_alone() -> None:
    with pytest.raises(UnfitTypeError, match="protected against being stopped"):
        check_fits(Ec2(protected=True), INSTANCE, wanted(), "lab")


class Quotas:
    def __init__(self, answer: float | Exception) -> None:
        self._answer = answer

    def get_service_quota(self, **_: Any) -> Any:
        if isinstance(self._answer, Exception):
            raise self._answer
        return {"Quota": {"Value": self._answer}}


class State:
    def __init__(self, ec2: Ec2, quota: float | Exception) -> None:
        self.config = {"aws:region": "eu-west-1"}
        self._clients = {"ec2": ec2, "service-quotas": Quotas(quota)}

    def aws(self, service: str) -> Any:
        return self._clients[service]


def quota(answer: float | Exception) -> str:
    ec2 = Ec2()
    ec2.others = [
        {"InstanceId": "i-1", "InstanceType": "t3.medium"},
        {"InstanceId": "i-2", "InstanceType": "m5.large"},
        {"InstanceId": "i-3", "InstanceType": "c5.large"},
        {"InstanceId": "i-4", "InstanceType": "g5.xlarge"},
        {"InstanceId": "i-5", "InstanceType": "m5.large", "InstanceLifecycle": "spot"},
    ]
    state: Any = State(ec2, answer)
    return check_quota(state, "i-1", wanted())


def test_others_vcpus_and_the_types_own_have_to_fit_into_the_quota() -> None:
    assert quota(6) == "vCPU quota: 6 of 6 in use afterwards."
    with pytest.raises(UnfitTypeError, match="has room for 1: 5, of which others use 4") as full:
        quota(5)
    assert "--desired-value 6 --region eu-west-1" in full.value.hint


def test_where_aws_says_no_quota_that_is_told() -> None:
    assert "isn't known" in quota(refusal("NoSuchResourceException"))
