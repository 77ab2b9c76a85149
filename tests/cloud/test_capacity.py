"""A type without capacity is refused by the parameter that names it, as EC2 refuses it."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from moto.ec2.models import ec2_backends
from moto.ssm.models import ssm_backends

from workbench.rehearsal.api.capacity import PARAMETER
from workbench.rehearsal.api.chosen_refusals import PARAMETER as REFUSED
from workbench.rehearsal.api.parameters import machine_architecture
from workbench.rehearsal.api.parameters import publish_images
from workbench.rehearsal.api.server import Api

REGION = "us-east-1"
SMALL, LARGE = (
    ("t3.medium", "t3.large") if machine_architecture() == "x86_64" else ("t4g.medium", "t4g.large")
)


class Cloud:
    """An API without machines, and clients of it."""

    def __init__(self, api: Api, url: str) -> None:
        self.api = api
        self.image = publish_images(api.ec2, ["debian-12"])["debian-12"]
        session = boto3.Session(
            region_name=REGION, aws_access_key_id="rehearsal", aws_secret_access_key="rehearsal"
        )
        once = Config(retries={"total_max_attempts": 1})
        self.ec2: Any = session.client("ec2", endpoint_url=url, config=once)
        self.ssm: Any = session.client("ssm", endpoint_url=url, config=once)

    def run(self, instance_type: str) -> str:
        made = self.ec2.run_instances(
            ImageId=self.image, InstanceType=instance_type, MinCount=1, MaxCount=1
        )
        return str(made["Instances"][0]["InstanceId"])

    def stopped(self, instance_type: str) -> str:
        """Return an instance that is stopped, with no machine to be waited for."""
        made = self.run(instance_type)
        self.api.ec2.mark_running(self.api.ec2.get_instance(made))
        self.ec2.stop_instances(InstanceIds=[made])
        self.api.ec2.mark_stopped(self.api.ec2.get_instance(made))
        return made


@pytest.fixture
def cloud() -> Iterator[Cloud]:
    ec2_backends.clear()
    ssm_backends.clear()
    api = Api(REGION)
    cloud = Cloud(api, api.start())
    yield cloud
    cloud.ec2.close()
    cloud.ssm.close()
    api.stop()
    ssm_backends.clear()


def test_a_type_has_no_capacity_while_the_parameter_names_it(cloud: Cloud) -> None:
    small, large = cloud.stopped(SMALL), cloud.stopped(LARGE)
    cloud.ssm.put_parameter(Name=PARAMETER, Value=f"m7i.large, {LARGE}", Type="StringList")
    with pytest.raises(ClientError) as refused:
        cloud.ec2.start_instances(InstanceIds=[large])
    answer = refused.value.response
    assert answer["Error"] == {
        "Code": "InsufficientInstanceCapacity",
        "Message": "Insufficient capacity.",
    }
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 500
    found = cloud.ec2.describe_instances(InstanceIds=[large])["Reservations"][0]["Instances"][0]
    assert found["State"]["Name"] == "stopped"
    cloud.ec2.start_instances(InstanceIds=[small])

    with pytest.raises(ClientError, match=r"sufficient .* capacity"):
        cloud.run(LARGE)
    assert len(cloud.ec2.describe_instances()["Reservations"]) == 2

    cloud.ssm.put_parameter(Name=PARAMETER, Value="m7i.large", Type="StringList", Overwrite=True)
    cloud.ec2.start_instances(InstanceIds=[large])


def test_without_the_parameter_there_is_capacity_for_all(cloud: Cloud) -> None:
    cloud.ec2.start_instances(InstanceIds=[cloud.stopped(LARGE)])
    cloud.ssm.put_parameter(Name=PARAMETER, Value=LARGE, Type="StringList")
    cloud.ssm.delete_parameter(Name=PARAMETER)
    cloud.run(LARGE)


def test_one_that_runs_goes_on(cloud: Cloud) -> None:
    made = cloud.run(LARGE)
    cloud.api.ec2.mark_running(cloud.api.ec2.get_instance(made))
    cloud.ssm.put_parameter(Name=PARAMETER, Value=LARGE, Type="StringList")
    cloud.ec2.start_instances(InstanceIds=[made])


def test_a_type_may_have_no_capacity_in_one_zone_alone(cloud: Cloud) -> None:
    subnets = {
        each["AvailabilityZone"]: each["SubnetId"]
        for each in cloud.ec2.describe_subnets()["Subnets"]
    }
    cloud.ssm.put_parameter(Name=PARAMETER, Value=f"{SMALL}:us-east-1a", Type="StringList")
    wanted = {"ImageId": cloud.image, "InstanceType": SMALL, "MinCount": 1, "MaxCount": 1}
    with pytest.raises(ClientError, match=r"\(us-east-1a\).* choosing us-east-1b, ") as refused:
        cloud.ec2.run_instances(SubnetId=subnets["us-east-1a"], **wanted)
    assert refused.value.response["Error"]["Code"] == "InsufficientInstanceCapacity"
    cloud.ec2.run_instances(SubnetId=subnets["us-east-1b"], **wanted)


@pytest.mark.parametrize(
    ("code", "answered", "words"),
    [
        ("VcpuLimitExceeded", "VcpuLimitExceeded", "more vCPU capacity than your current"),
        ("FreeTier", "InvalidParameterCombination", "not eligible for Free Tier"),
        ("UnauthorizedOperation", "UnauthorizedOperation", "perform: ec2:RunInstances on"),
        ("PendingVerification", "PendingVerification", "is being validated"),
    ],
)
def test_a_call_is_refused_while_the_parameter_names_it(
    cloud: Cloud, code: str, answered: str, words: str
) -> None:
    cloud.ssm.put_parameter(Name=REFUSED, Value=f"RunInstances={code}", Type="StringList")
    with pytest.raises(ClientError, match=words) as refused:
        cloud.run(SMALL)
    assert refused.value.response["Error"]["Code"] == answered
    cloud.ec2.describe_instances()
    cloud.ssm.delete_parameter(Name=REFUSED)
    cloud.run(SMALL)
