"""AWS Backup: vaults, plans, and selections of what a plan backs up."""

from typing import Any

from .cloud import Cloud
from .resource import AutoName
from .resource import Calls
from .resource import Change
from .resource import ResourceType
from .resource import names
from .tags import changed_tags
from .tags import read_tags
from .tags import tags_of
from .values import Properties

_RULE_FIELDS = {
    "ruleName": "RuleName",
    "targetVaultName": "TargetBackupVaultName",
    "schedule": "ScheduleExpression",
    "startWindow": "StartWindowMinutes",
    "completionWindow": "CompletionWindowMinutes",
    "scheduleExpressionTimezone": "ScheduleExpressionTimezone",
    "enableContinuousBackup": "EnableContinuousBackup",
    "recoveryPointTags": "RecoveryPointTags",
}
_LIFECYCLE_FIELDS = {
    "deleteAfter": "DeleteAfterDays",
    "coldStorageAfter": "MoveToColdStorageAfterDays",
}


def _tags(cloud: Cloud, arn: str, state: Properties) -> Properties:
    tags = cloud.client("backup").list_tags(ResourceArn=arn).get("Tags") or {}
    return read_tags(cloud, [{"Key": key, "Value": tags[key]} for key in tags], state)


def _update_tags(cloud: Cloud, arn: str, change: Change) -> None:
    if not change.any_of("tags", "tagsAll"):
        return
    removed, added = changed_tags(change)
    if removed:
        cloud.client("backup").untag_resource(ResourceArn=arn, TagKeyList=removed)
    if added:
        cloud.client("backup").tag_resource(ResourceArn=arn, Tags=added)


def create_vault(cloud: Cloud, inputs: Properties) -> str:
    """Create a vault; the id is its name."""
    key = {"EncryptionKeyArn": inputs["kmsKeyArn"]} if inputs.get("kmsKeyArn") else {}
    answer = cloud.client("backup").create_backup_vault(
        BackupVaultName=inputs["name"], BackupVaultTags=tags_of(inputs), **key
    )
    return str(answer["BackupVaultName"])


def read_vault(cloud: Cloud, identifier: str, state: Properties) -> Properties | None:
    """Read a vault."""
    vault = cloud.client("backup").describe_backup_vault(BackupVaultName=identifier)
    return {
        "arn": vault["BackupVaultArn"],
        "name": vault["BackupVaultName"],
        "kmsKeyArn": vault.get("EncryptionKeyArn") or None,
        "recoveryPoints": vault.get("NumberOfRecoveryPoints", 0),
        **_tags(cloud, vault["BackupVaultArn"], state),
    }


def update_vault(cloud: Cloud, identifier: str, change: Change) -> None:
    """Change a vault's tags."""
    _update_tags(cloud, change.state["arn"], change)


def delete_vault(cloud: Cloud, identifier: str, state: Properties) -> None:
    """Delete a vault, with its recovery points where the program says so."""
    backup = cloud.client("backup")
    if state.get("forceDestroy"):
        pages = backup.get_paginator("list_recovery_points_by_backup_vault")
        for page in pages.paginate(BackupVaultName=identifier):
            for point in page["RecoveryPoints"]:
                backup.delete_recovery_point(
                    BackupVaultName=identifier, RecoveryPointArn=point["RecoveryPointArn"]
                )
    backup.delete_backup_vault(BackupVaultName=identifier)


def _plan(inputs: Properties) -> dict[str, Any]:
    return {"BackupPlanName": inputs["name"], "Rules": [_rule(rule) for rule in inputs["rules"]]}


def _rule(rule: Properties) -> dict[str, Any]:
    result = {theirs: rule[ours] for ours, theirs in _RULE_FIELDS.items() if ours in rule}
    lifecycle = rule.get("lifecycle") or {}
    if lifecycle:
        result["Lifecycle"] = {
            theirs: lifecycle[ours]
            for ours, theirs in _LIFECYCLE_FIELDS.items()
            if ours in lifecycle
        }
    return result


def create_plan(cloud: Cloud, inputs: Properties) -> str:
    """Create a plan."""
    answer = cloud.client("backup").create_backup_plan(
        BackupPlan=_plan(inputs), BackupPlanTags=tags_of(inputs)
    )
    return str(answer["BackupPlanId"])


def read_plan(cloud: Cloud, identifier: str, state: Properties) -> Properties | None:
    """Read a plan; a deleted one is still listed by AWS, with the date."""
    answer = cloud.client("backup").get_backup_plan(BackupPlanId=identifier)
    if answer.get("DeletionDate"):
        return None
    plan = answer["BackupPlan"]
    return {
        "arn": answer["BackupPlanArn"],
        "version": answer["VersionId"],
        "name": plan["BackupPlanName"],
        "rules": [_read_rule(rule) for rule in plan["Rules"]],
        **_tags(cloud, answer["BackupPlanArn"], state),
    }


def _read_rule(rule: dict[str, Any]) -> Properties:
    result: Properties = {
        ours: rule[theirs] for ours, theirs in _RULE_FIELDS.items() if rule.get(theirs) is not None
    }
    lifecycle = rule.get("Lifecycle") or {}
    if lifecycle:
        result["lifecycle"] = {
            ours: lifecycle[theirs]
            for ours, theirs in _LIFECYCLE_FIELDS.items()
            if lifecycle.get(theirs) is not None
        }
    return result


def update_plan(cloud: Cloud, identifier: str, change: Change) -> None:
    """Write a plan's new version; change its tags."""
    if "rules" in change:
        cloud.client("backup").update_backup_plan(
            BackupPlanId=identifier, BackupPlan=_plan(change.new)
        )
    _update_tags(cloud, change.state["arn"], change)


def delete_plan(cloud: Cloud, identifier: str, state: Properties) -> None:
    """Delete a plan."""
    cloud.client("backup").delete_backup_plan(BackupPlanId=identifier)


def create_selection(cloud: Cloud, inputs: Properties) -> str:
    """Select what a plan backs up."""
    tags = [
        {"ConditionType": tag["type"], "ConditionKey": tag["key"], "ConditionValue": tag["value"]}
        for tag in inputs.get("selectionTags") or []
    ]
    wanted = {
        "Resources": inputs.get("resources"),
        "NotResources": inputs.get("notResources"),
        "ListOfTags": tags,
    }
    answer = cloud.client("backup").create_backup_selection(
        BackupPlanId=inputs["planId"],
        BackupSelection={
            "SelectionName": inputs["name"],
            "IamRoleArn": inputs["iamRoleArn"],
            **{key: value for key, value in wanted.items() if value},
        },
    )
    return str(answer["SelectionId"])


def read_selection(cloud: Cloud, identifier: str, state: Properties) -> Properties | None:
    """Read a selection; an import's id is "PLAN|SELECTION"."""
    plan, separator, own = identifier.partition("|")
    answer = cloud.client("backup").get_backup_selection(
        BackupPlanId=plan if separator else state["planId"],
        SelectionId=own if separator else identifier,
    )
    selection = answer["BackupSelection"]
    return {
        "planId": answer["BackupPlanId"],
        "name": selection["SelectionName"],
        "iamRoleArn": selection["IamRoleArn"],
        "resources": selection.get("Resources") or None,
        "notResources": selection.get("NotResources") or None,
        "selectionTags": [
            {
                "type": tag["ConditionType"],
                "key": tag["ConditionKey"],
                "value": tag["ConditionValue"],
            }
            for tag in selection.get("ListOfTags") or []
        ]
        or None,
    }


def delete_selection(cloud: Cloud, identifier: str, state: Properties) -> None:
    """Delete a selection."""
    cloud.client("backup").delete_backup_selection(
        BackupPlanId=state["planId"], SelectionId=identifier
    )


VAULT = ResourceType(
    type="aws:backup/vault:Vault",
    calls=Calls(create_vault, read_vault, delete_vault, update_vault),
    inputs=names("forceDestroy kmsKeyArn name"),
    computed=names("arn recoveryPoints"),
    chosen=names("kmsKeyArn"),
    replaces=names("kmsKeyArn name"),
    defaults={"forceDestroy": False},
    name=AutoName(longest=50),
    tags=True,
)
PLAN = ResourceType(
    type="aws:backup/plan:Plan",
    calls=Calls(create_plan, read_plan, delete_plan, update_plan),
    inputs=names("name rules"),
    required=names("rules"),
    computed=names("arn version"),
    replaces=names("name"),
    recomputed={"rules": names("version")},
    name=AutoName(),
    tags=True,
)
SELECTION = ResourceType(
    type="aws:backup/selection:Selection",
    calls=Calls(create_selection, read_selection, delete_selection),
    inputs=names("iamRoleArn name notResources planId resources selectionTags"),
    required=names("iamRoleArn planId"),
    chosen=names("notResources resources"),
    normalise={"resources": sorted, "notResources": sorted},
    name=AutoName(longest=50),
)
ROWS = (VAULT, PLAN, SELECTION)
