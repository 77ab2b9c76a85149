"""What an account may have, and how much of it is left."""

from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from workbench.remote.quotas import STANDARD
from workbench.remote.quotas import Quota
from workbench.remote.quotas import address_quota
from workbench.remote.quotas import quota_code
from workbench.remote.quotas import vcpu_quota
from workbench.remote.quotas import vpc_quota

pytestmark = pytest.mark.usefixtures("plain_moto")


class Quotas:
    """Service Quotas, with the values of an account; moto has those of VPCs alone."""

    def __init__(self, **values: float) -> None:
        self._values = values

    def get_service_quota(self, ServiceCode: str, QuotaCode: str) -> dict[str, Any]:
        if ServiceCode not in self._values:
            raise ClientError({"Error": {"Code": "AccessDeniedException"}}, "GetServiceQuota")
        return {"Quota": {"Value": self._values[ServiceCode], "QuotaCode": QuotaCode}}


class Account:
    """moto's account, with quotas."""

    def __init__(self, **values: float) -> None:
        self._quotas = Quotas(**values)

    def __call__(self, service: str) -> Any:
        if service == "service-quotas":
            return self._quotas
        return boto3.client(
            service, region_name="eu-west-1", aws_access_key_id="a", aws_secret_access_key="b"
        )


def start(account: Account, instance_type: str, **options: Any) -> None:
    ec2 = account("ec2")
    image = ec2.register_image(Name=instance_type, RootDeviceName="/dev/xvda")["ImageId"]
    ec2.run_instances(ImageId=image, MinCount=1, MaxCount=1, InstanceType=instance_type, **options)


@mock_aws
def test_only_running_on_demand_instances_of_the_same_kind_count() -> None:
    account = Account(ec2=5.0)
    assert vcpu_quota(account, "t3.medium") == Quota(
        "vCPUs of running instances of its kind", "ec2", STANDARD, 5.0, 0
    )

    start(account, "m5.xlarge")
    start(account, "g4dn.xlarge")
    start(account, "t3.large", InstanceMarketOptions={"MarketType": "spot"})
    start(account, "t3.medium")
    ec2 = account("ec2")
    reservations = ec2.describe_instances()["Reservations"]
    small = next(
        each["Instances"][0]["InstanceId"]
        for each in reservations
        if each["Instances"][0]["InstanceType"] == "t3.medium"
    )
    ec2.stop_instances(InstanceIds=[small])

    started = [each["Instances"][0] for each in ec2.describe_instances()["Reservations"]]
    large = next(each for each in started if each["InstanceType"] == "m5.xlarge")
    changing = vcpu_quota(account, "m5.large", but=large["InstanceId"])
    assert changing is not None
    assert changing.used == 0

    quota = vcpu_quota(account, "r6i.large")
    assert quota is not None
    assert (quota.used, quota.lacks(1), quota.lacks(2)) == (4, False, True)
    command = quota.ask_for(2, "eu-west-1")
    assert command.endswith(f"--quota-code {STANDARD} --desired-value 6 --region eu-west-1")
    assert str(quota) == "4 of 5 vCPUs of running instances of its kind"


@mock_aws
def test_addresses_and_networks_are_counted() -> None:
    account = Account(ec2=5.0, vpc=1.0)
    account("ec2").allocate_address(Domain="vpc")
    addresses, networks = address_quota(account), vpc_quota(account)

    assert addresses is not None
    assert networks is not None
    assert (addresses.used, addresses.lacks(1)) == (1, False)
    # An account's default VPC counts.
    assert (networks.used, networks.lacks(1)) == (1, True)


@mock_aws
def test_what_aws_does_not_tell_is_not_known() -> None:
    account = Account()

    assert vcpu_quota(account, "t3.medium") is None
    assert address_quota(account) is None
    assert vpc_quota(account) is None


@pytest.mark.parametrize(
    ("instance_type", "code"),
    [
        ("t3.medium", STANDARD),
        ("im4gn.large", STANDARD),
        ("i4i.large", STANDARD),
        ("inf2.xlarge", "L-1945791B"),
        ("g5.xlarge", "L-DB2E81BA"),
        ("gr6.4xlarge", "L-DB2E81BA"),
        ("p5.48xlarge", "L-417A185B"),
        ("trn1.2xlarge", "L-2C3B7624"),
        ("dl1.24xlarge", "L-6E869C2A"),
        ("hpc7a.12xlarge", "L-F7808C92"),
        ("u-6tb1.metal", "L-43DA4232"),
        ("mac2.metal", None),
        ("", None),
    ],
)
def test_each_kind_of_instance_has_its_quota(instance_type: str, code: str | None) -> None:
    assert quota_code(instance_type) == code
