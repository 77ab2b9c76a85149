"""moto has no backup selections, so their calls are checked against AWS's own description."""

from typing import Any

import boto3
from botocore.stub import Stubber

from workbench.rehearsal.provider import table
from workbench.rehearsal.provider.cloud import Cloud
from workbench.rehearsal.provider.settings import Settings

ROW = table.TYPES["aws:backup/selection:Selection"]
ROLE = "arn:aws:iam::123456789012:role/backup"
INPUTS = {
    "name": "volumes",
    "planId": "plan",
    "iamRoleArn": ROLE,
    "selectionTags": [{"type": "STRINGEQUALS", "key": "backup", "value": "daily"}],
}
SELECTION = {
    "SelectionName": "volumes",
    "IamRoleArn": ROLE,
    "ListOfTags": [
        {"ConditionType": "STRINGEQUALS", "ConditionKey": "backup", "ConditionValue": "daily"}
    ],
}


def test_a_selection_is_created_read_and_deleted() -> None:
    backup: Any = boto3.client(
        "backup", region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b"
    )
    cloud = Cloud(lambda service, region: backup, Settings())
    place = {"BackupPlanId": "plan", "SelectionId": "selection"}
    with Stubber(backup) as aws:
        aws.add_response(
            "create_backup_selection",
            {"SelectionId": "selection"},
            {"BackupPlanId": "plan", "BackupSelection": SELECTION},
        )
        for _ in range(2):
            aws.add_response("get_backup_selection", {**place, "BackupSelection": SELECTION}, place)
        aws.add_response("delete_backup_selection", {}, place)
        aws.add_client_error("get_backup_selection", "ResourceNotFoundException")

        identifier, outputs = ROW.create(cloud, INPUTS)
        assert identifier == "selection"
        assert {key: outputs[key] for key in INPUTS} == INPUTS

        imported = ROW.read(cloud, "plan|selection", {})
        assert imported is not None
        assert imported["selectionTags"] == INPUTS["selectionTags"]

        ROW.delete(cloud, identifier, outputs)
        assert ROW.read(cloud, identifier, outputs) is None
        aws.assert_no_pending_responses()
    backup.close()
