"""The calls of AWS Backup that moto doesn't know, answered in AWS's form."""

import json
from typing import Any
from urllib.parse import unquote

from moto.backup import urls
from moto.backup.models import backup_backends
from moto.backup.responses import BackupResponse

from workbench.rehearsal.api.backup_rules import RecoveryPoint
from workbench.rehearsal.api.backup_rules import Selection
from workbench.rehearsal.api.backup_rules import StrictBackupBackend

_PATHS = (
    "{0}/backup-jobs/?$",
    "{0}/backup-jobs/(?P<job>[^/]+)/?$",
    "{0}/backup-vaults/(?P<name>[^/]+)/recovery-points/$",
    "{0}/backup-vaults/(?P<name>[^/]+)/recovery-points/(?P<arn>.+)$",
)


def make_backup_strict() -> None:
    """Put the rules and the calls in place; before the first use of AWS Backup in this process."""
    backup_backends.clear()
    backup_backends.backend = StrictBackupBackend
    paths: dict[str, Any] = urls.url_paths
    for path in _PATHS:
        paths[path] = urls.response.dispatch
    for call in (
        create_backup_selection,
        get_backup_selection,
        list_backup_selections,
        delete_backup_selection,
        update_backup_plan,
        start_backup_job,
        describe_backup_job,
        list_backup_jobs,
        list_recovery_points_by_backup_vault,
        describe_recovery_point,
        delete_recovery_point,
    ):
        setattr(BackupResponse, call.__name__, call)


def create_backup_selection(self: Any) -> str:
    """Have a plan back something up."""
    plan_id, _ = _selection_path(self)
    made = self.backup_backend.create_selection(plan_id, json.loads(self.body)["BackupSelection"])
    return json.dumps(_selection_head(made))


def get_backup_selection(self: Any) -> str:
    """Return what a plan backs up."""
    found = self.backup_backend.find_selection(*_selection_path(self))
    return json.dumps({**_selection_head(found), "BackupSelection": found.content})


def list_backup_selections(self: Any) -> str:
    """Return all of a plan's selections."""
    plan_id, _ = _selection_path(self)
    found = [each for each in self.backup_backend.selections.values() if each.plan_id == plan_id]
    listed = [
        _selection_head(each)
        | {key: each.content.get(key) for key in ("SelectionName", "IamRoleArn")}
        for each in found
    ]
    return json.dumps({"BackupSelectionsList": listed})


def delete_backup_selection(self: Any) -> str:
    """Have a plan no longer back something up."""
    found = self.backup_backend.find_selection(*_selection_path(self))
    del self.backup_backend.selections[found.id]
    return "{}"


def update_backup_plan(self: Any) -> str:
    """Give a plan other rules."""
    plan_id = unquote(self.path).rstrip("/").rpartition("/")[2]
    plan = self.backup_backend.update_backup_plan(plan_id, json.loads(self.body)["BackupPlan"])
    return json.dumps(plan.to_dict())


def start_backup_job(self: Any) -> str:
    """Begin a snapshot now."""
    wanted = json.loads(self.body)
    days = (wanted.get("Lifecycle") or {}).get("DeleteAfterDays")
    point = self.backup_backend.start_job(
        wanted["BackupVaultName"], wanted["ResourceArn"], wanted["IamRoleArn"], days
    )
    return json.dumps(
        {
            "BackupJobId": point.job_id,
            "RecoveryPointArn": _arn(self, point),
            "CreationDate": point.created.timestamp(),
        }
    )


def describe_backup_job(self: Any) -> str:
    """Return how far a job is."""
    job_id = unquote(self.path).rstrip("/").rpartition("/")[2]
    return json.dumps(_job(self, self.backup_backend.find_job(job_id)))


def list_backup_jobs(self: Any) -> str:
    """Return all jobs."""
    jobs = [_job(self, point) for point in self.backup_backend.points.values()]
    return json.dumps({"BackupJobs": jobs})


def list_recovery_points_by_backup_vault(self: Any) -> str:
    """Return what is in a vault."""
    vault = unquote(self.path).split("/backup-vaults/")[1].split("/")[0]
    self.backup_backend.describe_backup_vault(vault)
    points = self.backup_backend.points_in(vault)
    return json.dumps({"RecoveryPoints": [_point(self, each) for each in points]})


def describe_recovery_point(self: Any) -> str:
    """Return one recovery point."""
    return json.dumps(_point(self, self.backup_backend.find_point(*_point_path(self))))


def delete_recovery_point(self: Any) -> str:
    """Delete a recovery point, and its snapshot."""
    backend = self.backup_backend
    backend.delete_point(backend.find_point(*_point_path(self)))
    return "{}"


def _selection_path(self: Any) -> tuple[str, str]:
    plan, _, selection = unquote(self.path).split("/plans/")[1].partition("/selections")
    return plan.strip("/"), selection.strip("/")


def _point_path(self: Any) -> tuple[str, str]:
    vault, _, arn = unquote(self.path).split("/backup-vaults/")[1].partition("/recovery-points/")
    return vault, arn.rstrip("/")


def _selection_head(selection: Selection) -> dict[str, Any]:
    return {
        "SelectionId": selection.id,
        "BackupPlanId": selection.plan_id,
        "CreationDate": selection.created.timestamp(),
    }


def _arn(self: Any, point: RecoveryPoint) -> str:
    return f"arn:aws:ec2:{self.region}::snapshot/{point.snapshot_id}"


def _job(self: Any, point: RecoveryPoint) -> dict[str, Any]:
    return {
        "BackupJobId": point.job_id,
        "BackupVaultName": point.vault,
        "RecoveryPointArn": _arn(self, point),
        "ResourceArn": point.resource_arn,
        "ResourceType": "EBS",
        "IamRoleArn": point.role_arn,
        "CreationDate": point.created.timestamp(),
        "State": self.backup_backend.state_of(point),
    }


def _point(self: Any, point: RecoveryPoint) -> dict[str, Any]:
    state = self.backup_backend.state_of(point)
    deleted = {"DeleteAfterDays": point.delete_after} if point.delete_after else {}
    return {
        "RecoveryPointArn": _arn(self, point),
        "BackupVaultName": point.vault,
        "ResourceArn": point.resource_arn,
        "ResourceType": "EBS",
        "IamRoleArn": point.role_arn,
        "CreationDate": point.created.timestamp(),
        "Status": {"RUNNING": "CREATING", "FAILED": "PARTIAL"}.get(state, state),
        "Lifecycle": deleted,
        "CalculatedLifecycle": (
            {"DeleteAt": point.delete_at.timestamp()} if point.delete_at else {}
        ),
    }
