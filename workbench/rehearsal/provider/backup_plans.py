"""AWS Backup: plans, and selections of what a plan backs up."""

from typing import Any

from .backup_vaults import read_backup_tags
from .backup_vaults import update_backup_tags
from .cloud import Cloud
from .resource import AutoName
from .resource import Calls
from .resource import Change
from .resource import ResourceType
from .resource import names
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
        **read_backup_tags(cloud, answer["BackupPlanArn"], state),
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
    update_backup_tags(cloud, change.state["arn"], change)


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


PLAN = ResourceType(
    type="aws:backup/plan:Plan",
    calls=Calls(create_plan, read_plan, delete_plan, update_plan),
    inputs=names("name rules"),
    required=names("rules"),
    computed=names("arn version"),
    replaces=names("name"),
    recomputed={"rules": names("version")},
    name=AutoName(longest=50),
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

ROWS = (PLAN, SELECTION)
