import json

import pytest

from workbench import Backup
from workbench.components.errors import ArgumentError

ARN = "arn:aws:ec2:us-east-1:123456789012:volume/vol-1"


def backup(deploy, **args):
    return deploy(lambda: Backup("data", {"volume_arn": ARN, **args}))


def test_a_snapshot_is_made_every_day_and_kept_for_two_weeks(deploy):
    done = backup(deploy)

    (rule,) = done.one(":Plan").inputs["rules"]
    assert rule["schedule"] == "cron(0 5 ? * * *)"
    assert rule["lifecycle"] == {"deleteAfter": 14}
    assert done.one(":Selection").inputs["resources"] == [ARN]


def test_a_name_that_leaves_pulumi_no_room_is_refused(deploy):
    with pytest.raises(ArgumentError, match="at most 42"):
        deploy(lambda: Backup("d" * 43, {"volume_arn": ARN}))


def test_only_aws_backup_may_use_its_role(deploy):
    done = backup(deploy)

    policy = json.loads(done.one(":Role").inputs["assumeRolePolicy"])
    (statement,) = policy["Statement"]
    assert statement["Principal"] == {"Service": "backup.amazonaws.com"}
    assert done.one(":RolePolicyAttachment").inputs["policyArn"] == (
        "arn:aws:iam::aws:policy/service-role/AWSBackupServiceRolePolicyForBackup"
    )


@pytest.mark.parametrize(("keep", "kept"), [(None, True), (True, True), (False, False)])
def test_snapshots_outlive_the_stack_with_what_deletes_them_in_time(deploy, keep, kept):
    done = backup(deploy, keep=keep)

    outlives = [each.type for each in done.resources if each.request.retainOnDelete]
    expected = [
        "aws:backup/vault:Vault",
        "aws:iam/role:Role",
        "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
    ]
    assert outlives == (expected if kept else [])
    assert done.one(":Vault").inputs["forceDestroy"] is not kept
