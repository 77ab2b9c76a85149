"""AWS Backup in rehearsal: what moto hasn't, selections and jobs that really make snapshots.

Schedules aren't followed: a job is started by its call, as ``aws backup start-backup-job`` does.
"""

from dataclasses import dataclass
from dataclasses import field
from datetime import datetime
from datetime import timedelta
from typing import Any

from moto.backup import urls
from moto.backup.exceptions import InvalidParameterValueException
from moto.backup.exceptions import InvalidRequestException
from moto.backup.exceptions import ResourceNotFoundException
from moto.backup.models import BackupBackend
from moto.core.utils import utcnow
from moto.ec2.models import ec2_backends
from moto.moto_api._internal import mock_random

SOURCE_TAG = "aws:backup:source-resource"
DESCRIPTION = "This snapshot is created by the AWS Backup service."
_STATES = {"completed": "COMPLETED", "error": "FAILED"}


@dataclass
class Selection:
    """What a plan backs up."""

    plan_id: str
    content: dict[str, Any]
    id: str = field(default_factory=lambda: str(mock_random.uuid4()))
    created: datetime = field(default_factory=utcnow)


@dataclass
class RecoveryPoint:
    """A snapshot that AWS Backup made, and looks after."""

    vault: str
    snapshot_id: str
    resource_arn: str
    role_arn: str
    delete_after: int | None
    job_id: str = field(default_factory=lambda: str(mock_random.uuid4()).upper())
    created: datetime = field(default_factory=utcnow)

    @property
    def delete_at(self) -> datetime | None:
        """When it is to be deleted."""
        days = self.delete_after
        return None if days is None else self.created + timedelta(days=days)


class StrictBackupBackend(BackupBackend):
    """moto's AWS Backup of one region, with selections and jobs, as strict as AWS's."""

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self.selections: dict[str, Selection] = {}
        self.points: dict[str, RecoveryPoint] = {}

    @property
    def _url_module(self) -> Any:
        # moto looks for it alongside the class's module, which is ours.
        return urls

    def create_selection(self, plan_id: str, content: dict[str, Any]) -> Selection:
        """Have a plan back something up."""
        self._live_plan(plan_id)
        selection = Selection(plan_id, content)
        self.selections[selection.id] = selection
        return selection

    def find_selection(self, plan_id: str, selection_id: str) -> Selection:
        """Return a plan's selection."""
        found = self.selections.get(selection_id)
        if found is None or found.plan_id != plan_id:
            raise ResourceNotFoundException(msg=f"Cannot find selection {selection_id}")
        return found

    def update_backup_plan(self, plan_id: str, content: dict[str, Any]) -> Any:
        """Give a plan other rules; what isn't said gets AWS's defaults, as at its creation."""
        from moto.backup.models import Plan

        plan = self._live_plan(plan_id)
        newer = Plan(content, plan.creator_request_id, self)
        plan.backup_plan, plan.version_id = newer.backup_plan, newer.version_id
        return plan

    def delete_backup_plan(self, backup_plan_id: str) -> tuple[str, str, float, str]:
        """Delete a plan that selects nothing any more."""
        self._live_plan(backup_plan_id)
        if any(each.plan_id == backup_plan_id for each in self.selections.values()):
            raise InvalidRequestException(
                msg="Related backup plan selections must be deleted prior to backup plan deletion"
            )
        return super().delete_backup_plan(backup_plan_id)

    def delete_backup_vault(self, backup_vault_name: str) -> None:
        """Delete a vault with nothing in it."""
        self.describe_backup_vault(backup_vault_name)
        if self.points_in(backup_vault_name):
            raise InvalidRequestException(
                msg=f"Backup vault cannot be deleted because it contains recovery points:"
                f" {backup_vault_name}"
            )
        super().delete_backup_vault(backup_vault_name)

    def points_in(self, vault: str) -> list[RecoveryPoint]:
        """Return a vault's recovery points whose snapshots there are."""
        known = ec2_backends[self.account_id][self.region_name].snapshots
        return [
            each
            for each in self.points.values()
            if each.vault == vault and each.snapshot_id in known
        ]

    def start_job(
        self, vault: str, resource_arn: str, role_arn: str, delete_after: int | None
    ) -> RecoveryPoint:
        """Begin a snapshot of a volume now."""
        self.describe_backup_vault(vault)
        kind, _, volume_id = resource_arn.rpartition(":")[2].partition("/")
        ec2 = ec2_backends[self.account_id][self.region_name]
        if kind != "volume" or volume_id not in ec2.volumes:
            raise InvalidParameterValueException(
                msg=f"Resource {resource_arn} can't be backed up: in a rehearsal, volumes can."
            )
        tags = {tag["key"]: tag["value"] for tag in ec2.volumes[volume_id].get_tags()}
        snapshot = ec2.create_snapshot(volume_id, DESCRIPTION)
        snapshot.add_tags(tags | {SOURCE_TAG: resource_arn})
        point = RecoveryPoint(vault, snapshot.id, resource_arn, role_arn, delete_after)
        self.points[snapshot.id] = point
        self.vaults[vault].num_of_recovery_points = len(self.points_in(vault))
        return point

    def find_point(self, vault: str, arn: str) -> RecoveryPoint:
        """Return a vault's recovery point by its ARN."""
        identifier = arn.rpartition("/")[2]
        found = next((p for p in self.points_in(vault) if p.snapshot_id == identifier), None)
        if found is None:
            raise ResourceNotFoundException(msg=f"Cannot find recovery point {arn}")
        return found

    def find_job(self, job_id: str) -> RecoveryPoint:
        """Return the recovery point that a job makes."""
        found = next((p for p in self.points.values() if p.job_id == job_id), None)
        if found is None:
            raise ResourceNotFoundException(msg=f"Cannot find job {job_id}")
        return found

    def state_of(self, point: RecoveryPoint) -> str:
        """Return how far the job of a recovery point is, in AWS Backup's word."""
        found = ec2_backends[self.account_id][self.region_name].snapshots.get(point.snapshot_id)
        return _STATES.get(found.status, "RUNNING") if found else "EXPIRED"

    def delete_point(self, point: RecoveryPoint) -> None:
        """Delete a recovery point, and with it its snapshot."""
        ec2_backends[self.account_id][self.region_name].delete_snapshot(point.snapshot_id)
        del self.points[point.snapshot_id]
        self.vaults[point.vault].num_of_recovery_points = len(self.points_in(point.vault))

    def _live_plan(self, plan_id: str) -> Any:
        plan = self.get_backup_plan(plan_id, None)
        if plan.deletion_date is not None:
            raise ResourceNotFoundException(msg=f"Cannot find Backup plan with ID {plan_id}")
        return plan
