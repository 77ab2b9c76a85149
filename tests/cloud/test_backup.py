"""AWS Backup in rehearsal: selections, and jobs that make snapshots, as strict as AWS."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto.backup.models import backup_backends
from moto.ec2.models import ec2_backends

from workbench.rehearsal.api.server import Api

REGION = "us-east-1"
ROLE = "arn:aws:iam::123456789012:role/backup"
SESSION = boto3.Session(
    region_name=REGION, aws_access_key_id="rehearsal", aws_secret_access_key="rehearsal"
)


@pytest.fixture(scope="module")
def server() -> Iterator[tuple[Api, str]]:
    api = Api(REGION)
    yield api, api.start()
    api.stop()


@pytest.fixture
def api(server: tuple[Api, str]) -> Api:
    """An empty cloud."""
    ec2_backends.clear()
    backup_backends.clear()
    return server[0]


@pytest.fixture
def backup(api: Api, server: tuple[Api, str]) -> Iterator[Any]:
    client: Any = SESSION.client("backup", endpoint_url=server[1])
    yield client
    client.close()


@pytest.fixture
def ec2(api: Api, server: tuple[Api, str]) -> Iterator[Any]:
    client: Any = SESSION.client("ec2", endpoint_url=server[1])
    yield client
    client.close()


@pytest.fixture
def plan(backup: Any) -> str:
    backup.create_backup_vault(BackupVaultName="vault")
    rule = {"RuleName": "daily", "TargetBackupVaultName": "vault"}
    made = backup.create_backup_plan(BackupPlan={"BackupPlanName": "plan", "Rules": [rule]})
    return str(made["BackupPlanId"])


@pytest.fixture
def volume(api: Api, ec2: Any) -> str:
    tags = [{"ResourceType": "volume", "Tags": [{"Key": "workbench:stack", "Value": "a/b"}]}]
    made = ec2.create_volume(Size=1, AvailabilityZone="us-east-1a", TagSpecifications=tags)
    api.ec2.volumes[made["VolumeId"]].made = True
    return str(made["VolumeId"])


def refused(call: Any, **arguments: Any) -> str:
    with pytest.raises(ClientError) as refusal:
        call(**arguments)
    return str(refusal.value.response["Error"]["Code"])


def test_a_selection_is_kept_as_it_was_given(backup: Any, plan: str) -> None:
    content = {"SelectionName": "all", "IamRoleArn": ROLE, "Resources": ["arn:a", "arn:b"]}
    made = backup.create_backup_selection(BackupPlanId=plan, BackupSelection=content)
    found = backup.get_backup_selection(BackupPlanId=plan, SelectionId=made["SelectionId"])

    assert found["BackupSelection"] == content
    (listed,) = backup.list_backup_selections(BackupPlanId=plan)["BackupSelectionsList"]
    assert (listed["SelectionId"], listed["SelectionName"]) == (made["SelectionId"], "all")
    assert refused(backup.delete_backup_plan, BackupPlanId=plan) == "InvalidRequestException"

    backup.delete_backup_selection(BackupPlanId=plan, SelectionId=made["SelectionId"])
    gone = {"BackupPlanId": plan, "SelectionId": made["SelectionId"]}
    assert refused(backup.get_backup_selection, **gone) == "ResourceNotFoundException"
    backup.delete_backup_plan(BackupPlanId=plan)


def test_a_plan_that_there_is_not_selects_nothing(backup: Any) -> None:
    content = {"SelectionName": "all", "IamRoleArn": ROLE}
    wanted = {"BackupPlanId": "none", "BackupSelection": content}
    assert refused(backup.create_backup_selection, **wanted) == "ResourceNotFoundException"


def test_a_plan_gets_other_rules(backup: Any, plan: str) -> None:
    version = backup.get_backup_plan(BackupPlanId=plan)["VersionId"]
    rule = {
        "RuleName": "weekly",
        "TargetBackupVaultName": "vault",
        "ScheduleExpression": "cron(0 3 ? * SUN *)",
        "Lifecycle": {"DeleteAfterDays": 7},
    }
    backup.update_backup_plan(
        BackupPlanId=plan, BackupPlan={"BackupPlanName": "plan", "Rules": [rule]}
    )
    found = backup.get_backup_plan(BackupPlanId=plan)
    assert rule.items() <= found["BackupPlan"]["Rules"][0].items()
    assert found["VersionId"] != version


def test_a_job_makes_a_snapshot_with_the_volumes_tags(
    api: Api, backup: Any, ec2: Any, plan: str, volume: str
) -> None:
    arn = f"arn:aws:ec2:{REGION}:123456789012:volume/{volume}"
    job = backup.start_backup_job(
        BackupVaultName="vault",
        ResourceArn=arn,
        IamRoleArn=ROLE,
        Lifecycle={"DeleteAfterDays": 14},
    )
    (snapshot,) = ec2.describe_snapshots(OwnerIds=["self"])["Snapshots"]
    assert snapshot["VolumeId"] == volume
    assert {tag["Key"]: tag["Value"] for tag in snapshot["Tags"]} == {
        "workbench:stack": "a/b",
        "aws:backup:source-resource": arn,
    }
    assert backup.describe_backup_job(BackupJobId=job["BackupJobId"])["State"] == "RUNNING"
    api.ec2.snapshots[snapshot["SnapshotId"]].status = "completed"
    assert backup.describe_backup_job(BackupJobId=job["BackupJobId"])["State"] == "COMPLETED"

    (point,) = backup.list_recovery_points_by_backup_vault(BackupVaultName="vault")[
        "RecoveryPoints"
    ]
    assert point["RecoveryPointArn"] == job["RecoveryPointArn"]
    assert point["Lifecycle"] == {"DeleteAfterDays": 14}
    days = point["CalculatedLifecycle"]["DeleteAt"] - point["CreationDate"]
    assert days.days == 14


def test_a_vault_with_snapshots_in_it_stays(backup: Any, ec2: Any, plan: str, volume: str) -> None:
    job = backup.start_backup_job(
        BackupVaultName="vault",
        ResourceArn=f"arn:aws:ec2:{REGION}:123456789012:volume/{volume}",
        IamRoleArn=ROLE,
    )
    vault = {"BackupVaultName": "vault"}
    assert refused(backup.delete_backup_vault, **vault) == "InvalidRequestException"

    backup.delete_recovery_point(**vault, RecoveryPointArn=job["RecoveryPointArn"])
    assert ec2.describe_snapshots(OwnerIds=["self"])["Snapshots"] == []
    backup.delete_backup_vault(**vault)
    assert backup.list_backup_vaults()["BackupVaultList"] == []


def test_what_is_no_volume_cannot_be_backed_up(backup: Any, plan: str) -> None:
    wanted = {
        "BackupVaultName": "vault",
        "ResourceArn": "arn:aws:s3:::bucket",
        "IamRoleArn": ROLE,
    }
    assert refused(backup.start_backup_job, **wanted) == "InvalidParameterValueException"
