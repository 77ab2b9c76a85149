"""What goes with a lab, and what stays because it is someone's."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from workbench.labs.records import Record
from workbench.progress import Progress
from workbench.tasks.labs.bench import LabBench
from workbench.tasks.labs.removal import find_remains
from workbench.tasks.labs.removal import remove


class Bench(LabBench):
    """Labs in an account of moto's."""

    def aws(self, service: str) -> Any:
        return boto3.client(service, region_name="us-east-1")


@pytest.fixture
def bench(tmp_path, monkeypatch, plain_moto) -> Iterator[Bench]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    with mock_aws():
        yield Bench("rehearsal-labs", Record(tmp_path / "labs.json", folder=str(tmp_path)), [])


def make_zone(route53: Any, name: str, comment: str) -> str:
    made = route53.create_hosted_zone(
        Name=name, CallerReference=comment, HostedZoneConfig={"Comment": comment}
    )["HostedZone"]["Id"]
    record = {
        "Name": f"www.{name}",
        "Type": "A",
        "TTL": 300,
        "ResourceRecords": [{"Value": "192.0.2.1"}],
    }
    route53.change_resource_record_sets(
        HostedZoneId=made,
        ChangeBatch={"Changes": [{"Action": "CREATE", "ResourceRecordSet": record}]},
    )
    return str(made).rpartition("/")[2]


def test_the_labs_zone_goes_with_its_records_and_another_stays(bench):
    route53, progress = bench.aws("route53"), Progress(quiet=True)
    own = make_zone(route53, "lab.example", "do4ds-lab")
    other = make_zone(route53, "mine.example", "my own")

    remains = find_remains(bench, progress)
    assert remains.lines == [f"hosted zone {own}"]
    remove(bench, remains, progress)

    left = [zone["Id"] for zone in route53.list_hosted_zones()["HostedZones"]]
    assert left == [f"/hostedzone/{other}"]
    assert find_remains(bench, progress).lines == []


def test_the_labs_key_pair_goes_and_another_stays(bench):
    ec2, progress = bench.aws("ec2"), Progress(quiet=True)
    for name in ("do4ds-lab-key", "mine"):
        ec2.create_key_pair(KeyName=name)

    remove(bench, find_remains(bench, progress), progress)

    assert [each["KeyName"] for each in ec2.describe_key_pairs()["KeyPairs"]] == ["mine"]
