"""What an account has to offer, as moto's account says it."""

import json

import boto3
import pytest
from botocore.exceptions import ClientError
from botocore.exceptions import EndpointConnectionError
from moto import mock_aws

from workbench.errors import WorkbenchError
from workbench.tasks.init.aws_account import Account
from workbench.tasks.init.aws_account import HostedZone
from workbench.tasks.init.aws_account import InstanceType

KEYS = {"aws:accessKey": "a", "aws:secretKey": "b"}


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Account:
    for name in ("AWS_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    return Account({**KEYS, "aws:region": "eu-west-1"})


@mock_aws
def test_a_region_must_be_one_of_awss(account: Account) -> None:
    assert account.check_region("eu-central-1") == "eu-central-1"
    with pytest.raises(WorkbenchError, match="no region 'eu-wst-1'") as raised:
        account.check_region("eu-wst-1")
    assert "eu-west-1" in raised.value.hint


@mock_aws
def test_a_region_that_is_not_enabled_says_how(
    account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Disabled:
        def describe_regions(self, **_: object) -> dict[str, list[dict[str, str]]]:
            return {"Regions": [{"RegionName": "af-south-1", "OptInStatus": "not-opted-in"}]}

    asked: list[str] = []

    def aws(self: Account, service: str) -> Disabled:
        asked.append(f"{service} in {self.config['aws:region']}")
        return Disabled()

    monkeypatch.setattr(Account, "aws", aws)
    with pytest.raises(WorkbenchError, match="isn't enabled in this account") as raised:
        account.check_region("af-south-1")
    assert raised.value.hint == "aws account enable-region --region-name af-south-1"
    # A region that is disabled refuses every credentials.
    assert asked == ["ec2 in us-east-1"]


def test_the_region_comes_from_the_configuration_then_the_environment(
    account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "ap-southeast-2")

    assert account.region == "eu-west-1"
    assert Account(KEYS).region == "ap-southeast-2"
    assert account.within("us-west-2").region == "us-west-2"


@mock_aws
def test_only_types_that_the_region_offers_are_found(account: Account) -> None:
    assert account.find_types(["t3.medium", "t9.huge"]) == {
        "t3.medium": InstanceType("t3.medium", 2, 4.0)
    }
    assert str(account.check_type("t3.medium")) == "t3.medium (2 vCPU, 4 GiB of memory)"
    with pytest.raises(WorkbenchError, match="no instance type 't9\\.huge' to offer"):
        account.check_type("t9.huge")
    with pytest.raises(WorkbenchError, match="isn't an instance type"):
        account.check_type("a big one")


@mock_aws
def test_private_zones_are_not_for_a_workbench(account: Account) -> None:
    route53 = boto3.client("route53", aws_access_key_id="a", aws_secret_access_key="b")
    public = route53.create_hosted_zone(Name="example.com", CallerReference="1")["HostedZone"]
    route53.create_hosted_zone(
        Name="example.com",
        CallerReference="2",
        HostedZoneConfig={"PrivateZone": True},
        VPC={"VPCRegion": "eu-west-1", "VPCId": "vpc-1"},
    )

    assert account.hosted_zones() == [HostedZone(public["Id"].split("/")[-1], "example.com")]


@mock_aws
def test_only_records_that_lead_somewhere_are_in_the_way(account: Account) -> None:
    route53 = boto3.client("route53", aws_access_key_id="a", aws_secret_access_key="b")
    made = route53.create_hosted_zone(Name="example.com", CallerReference="1")["HostedZone"]["Id"]
    records = (("example.com", "TXT", '"x"'), ("lab.example.com", "A", "192.0.2.1"))
    for name, kind, value in records:
        record = {"Name": name, "Type": kind, "TTL": 60, "ResourceRecords": [{"Value": value}]}
        change = {"Action": "CREATE", "ResourceRecordSet": record}
        route53.change_resource_record_sets(HostedZoneId=made, ChangeBatch={"Changes": [change]})
    (zone,) = account.hosted_zones()

    assert account.records(zone, "lab.example.com") == ["a record lab.example.com (A)"]
    for other in ("example.com", "b.example.com", "lab.example.org"):
        assert account.records(zone, other) == []


@pytest.mark.parametrize(
    ("domain", "held"),
    [("example.com", True), ("lab.example.com", True), ("notexample.com", False), ("com", False)],
)
def test_a_zone_holds_its_own_name_and_those_below(domain: str, held: bool) -> None:
    assert HostedZone("Z1", "example.com").holds(domain) is held


@mock_aws
def test_the_identity_is_whose_the_credentials_are(account: Account) -> None:
    assert account.identity().split(":")[4] == "123456789012"


@mock_aws
def test_the_free_plan_starts_what_is_eligible_for_the_free_tier(account: Account) -> None:
    assert not account.check_type("t3.medium").free_tier
    free = account.check_type("m7i-flex.large")
    assert free.free_tier
    assert account.find_free_type() == free


class FreeTier:
    """AWS's Free Tier API; ``said`` is the account's plan, or what is raised."""

    def __init__(self, said: str | Exception | None) -> None:
        self.said = said

    def get_account_plan_state(self) -> dict[str, str]:
        if isinstance(self.said, Exception):
            raise self.said
        return {"accountPlanType": self.said} if self.said else {}


@pytest.mark.parametrize(
    ("said", "free"),
    [
        ("FREE", True),
        ("PAID", False),
        (None, False),
        (ClientError({"Error": {"Code": "AccessDeniedException"}}, "GetAccountPlanState"), False),
        (EndpointConnectionError(endpoint_url="https://freetier.us-east-1.api.aws/"), False),
    ],
)
def test_the_plan_is_free_only_where_aws_says_so(
    account: Account, monkeypatch: pytest.MonkeyPatch, said: str | Exception | None, free: bool
) -> None:
    asked: list[str] = []

    def aws(self: Account, service: str) -> FreeTier:
        asked.append(f"{service} in {self.config['aws:region']}")
        return FreeTier(said)

    monkeypatch.setattr(Account, "aws", aws)
    assert account.is_on_free_plan() is free
    assert not account.within("cn-north-1").is_on_free_plan()
    assert asked == ["freetier in us-east-1"]


def test_a_rehearsal_is_on_no_plan() -> None:
    endpoints = json.dumps([{"ec2": "http://127.0.0.1:9/"}])
    config = {**KEYS, "aws:region": "us-east-1", "aws:endpoints": endpoints}
    assert not Account(config).is_on_free_plan()
