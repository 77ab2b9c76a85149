"""The data volume: homes and the server's identity, apart from the server."""

from functools import partial
from typing import NotRequired
from typing import TypedDict

import pulumi
import pulumi_aws as aws

from workbench.components.backup import Backup
from workbench.components.backup import BackupArgs
from workbench.components.component import Component
from workbench.components.errors import ArgumentError
from workbench.components.late import checked
from workbench.components.lookups import look_up
from workbench.components.role import Role
from workbench.components.role import check_role
from workbench.components.schedule import OFF
from workbench.components.schedule import check_retention
from workbench.components.schedule import check_schedule
from workbench.components.stack_tag import stack_tag
from workbench.components.storage_place import FIXED
from workbench.components.storage_place import check_place
from workbench.components.validation import check_number

DEFAULT_SIZE = 20


class StorageArgs(TypedDict):
    """A data volume: a new one, one restored from a snapshot, or one you have."""

    availability_zone: NotRequired[pulumi.Input[str]]
    """The zone of the server. Needed for a new volume. A volume stays in the zone that it was
    created in: another one is refused."""

    size: NotRequired[pulumi.Input[int]]
    """Size in GiB, 1 to 16384; it can grow later, but never shrink. Default: 20, or the size of the
    snapshot or existing volume."""

    snapshot_id: NotRequired[pulumi.Input[str]]
    """The snapshot to restore. If you set it later, a new volume is created; the old one is
    kept."""

    volume_id: NotRequired[pulumi.Input[str]]
    """An existing volume to use, such as one kept when a stack was destroyed. This stack never
    deletes it, and only grows it if its ID is known in advance (not an output of another
    resource)."""

    keep: NotRequired[bool]
    """Whether the volume and its backups stay in AWS when the stack is destroyed. It takes effect
    with the next `pulumi up`: `pulumi destroy` uses the value of the last `up`. Default: true.
    """

    kms_key_id: NotRequired[pulumi.Input[str]]
    """The ARN of the KMS key for the volume and the backup vault. An existing volume keeps its own.
    Default: the account's keys."""

    backup_schedule: NotRequired[str]
    """When AWS Backup makes a snapshot, `cron(...)` in UTC in AWS's format, or `off`. Default:
    `off`; `cron(0 5 ? * * *)` is every day at five."""

    backup_retention_days: NotRequired[pulumi.Input[int]]
    """How many days such a snapshot is kept, 1 to 3650. Default: 14."""

    backup_role: NotRequired[Role]
    """How the role for AWS Backup is created. Default: with no path and no boundary."""


class Storage(Component):
    """An encrypted EBS volume that outlives servers and, by default, the stack."""

    volume_id: pulumi.Output[str]
    """The volume."""

    availability_zone: pulumi.Output[str]
    """The volume's zone, where the server must be, too."""

    @classmethod
    def check(cls, name: str, args: StorageArgs) -> None:
        """Raise ArgumentError for a value that can't be used, as far as it is known by now."""
        _size(args)
        check_schedule(args.get("backup_schedule") or OFF, "backup_schedule")
        if (days := args.get("backup_retention_days")) is not None:
            checked(check_retention, days, "backup_retention_days")
        if (role := args.get("backup_role")) is not None:
            check_role(role, "backup_role")
        volume_id = args.get("volume_id")
        if volume_id is not None:
            # What isn't known before can't be taken in, and so not grown either.
            unusable = () if isinstance(volume_id, str) else ("size",)
            _refuse(args, "snapshot_id", *unusable)
        elif args.get("availability_zone") is None:
            raise ArgumentError(
                "availability_zone is missing: a volume can only be attached to a server in its "
                "own zone.",
                "Give the availability_zone of the server's subnet.",
            )

    def __init__(
        self, name: str, args: StorageArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("workbench:index:Storage", name, {}, opts)
        volume_id = args.get("volume_id")
        if volume_id is None:
            volume = self._create_volume(name, args)
        elif isinstance(volume_id, str):
            volume = self._adopt_volume(name, volume_id, args)
        else:
            volume = self._read_volume(name, volume_id, args)
        # All that uses the volume waits for this, the server too.
        self.availability_zone = check_place(volume, args)
        self.volume_id = pulumi.Output.all(volume.id, self.availability_zone).apply(
            lambda known: str(known[0])
        )
        self._create_backup(name, volume, args)
        self.register_outputs(
            {"volumeId": self.volume_id, "availabilityZone": self.availability_zone}
        )

    def _adopt_volume(self, name: str, volume_id: str, args: StorageArgs) -> aws.ebs.Volume:
        """Take a volume into the stack, which can grow it then; all else of it is left alone."""
        found = look_up(
            lambda: aws.ebs.get_volume(
                filters=[{"name": "volume-id", "values": [volume_id]}],
                opts=pulumi.InvokeOptions(parent=self),
            ),
            f"AWS does not show the volume {volume_id!r} in this region",
            "List yours with: aws ec2 describe-volumes",
        )
        given = _size(args)
        return aws.ebs.Volume(
            f"{name}-volume",
            availability_zone=found.availability_zone,
            # The plugin asks for a size, or a snapshot, also of a volume that is there.
            size=found.size if given is None else given,
            opts=pulumi.ResourceOptions(
                parent=self, import_=volume_id, ignore_changes=["tags"], retain_on_delete=True
            ),
        )

    def _read_volume(
        self, name: str, volume_id: pulumi.Input[str], args: StorageArgs
    ) -> aws.ebs.Volume:
        """Use a volume whose id isn't known before, which nothing can be taken in by."""
        return aws.ebs.Volume.get(
            f"{name}-volume", volume_id, opts=pulumi.ResourceOptions(parent=self)
        )

    def _create_backup(self, name: str, volume: aws.ebs.Volume, args: StorageArgs) -> None:
        schedule = args.get("backup_schedule") or OFF
        if schedule == OFF:
            return
        chosen: BackupArgs = {"volume_arn": volume.arn, "schedule": schedule}
        if (days := args.get("backup_retention_days")) is not None:
            chosen["retention_days"] = days
        chosen["keep"] = args.get("keep") is not False
        if (key := args.get("kms_key_id")) is not None:
            chosen["kms_key_id"] = key
        if (role := args.get("backup_role")) is not None:
            chosen["role"] = role
        Backup(f"{name}-backup", chosen, pulumi.ResourceOptions(parent=self))

    def _create_volume(self, name: str, args: StorageArgs) -> aws.ebs.Volume:
        snapshot_id = args.get("snapshot_id")
        size = _size(args)
        if size is None and snapshot_id is None:
            size = DEFAULT_SIZE
        keep = args.get("keep")
        return aws.ebs.Volume(
            f"{name}-volume",
            availability_zone=args["availability_zone"],
            size=size,
            type="gp3",
            encrypted=True,
            kms_key_id=args.get("kms_key_id"),
            snapshot_id=snapshot_id,
            # The tasks find by it this volume, those before it, and their snapshots.
            tags={"Name": name, **stack_tag()},
            opts=pulumi.ResourceOptions(
                parent=self,
                # Also on replacement: no change of the configuration ever deletes people's data.
                retain_on_delete=keep is not False,
                # Each of these would put a blank volume in its place; check_place refuses them.
                ignore_changes=list(FIXED),
            ),
        )


def _size(args: StorageArgs) -> pulumi.Input[int] | None:
    size = args.get("size")
    check = partial(check_number, low=1, high=16384, unit="GiB")
    return None if size is None else checked(check, size, "size")


def _refuse(args: StorageArgs, *keys: str) -> None:
    unused = [key for key in keys if args.get(key) is not None]
    if unused:
        raise ArgumentError(
            f"{' and '.join(unused)} can't be used with an existing volume.",
            f"Leave out {' and '.join(unused)}, or leave out volume_id.",
        )
