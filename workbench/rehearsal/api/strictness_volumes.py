"""What EC2 refuses about volumes: shrinking, another zone, a taken device, too many changes."""

import copy
import re
from datetime import timedelta
from typing import Any

from moto.core.utils import utcnow
from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models.elastic_block_store import Volume
from moto.ec2.models.elastic_block_store import VolumeModification

# docs.aws.amazon.com/AWSEC2/latest/UserGuide/device_naming.html
_DEVICE = re.compile(r"/dev/(sd[a-z][0-9]{0,2}|xvd[a-z]{1,2}|hd[a-z][0-9]{0,2})")
_LARGEST = {"standard": 1024, "gp3": 65536, "io2": 65536}
_LARGEST_OTHERWISE = 16384


class RehearsalVolume(Volume):
    """A volume that is ``available`` when its backing file is there, or in ``error``."""

    made = False
    failed = False
    # Set by the rehearsal for volumes that are an instance's own file system.
    root = False

    @property
    def status(self) -> str:
        """EC2's name of the volume's state."""
        if self.attachment:
            return "in-use"
        return "available" if self.made else "error" if self.failed else "creating"


class RehearsalModification(VolumeModification):
    """A change of a volume, complete when the block device has its new size."""

    done = False

    @property
    def modification_state(self) -> str:
        """EC2's name of the change's state."""
        return "completed" if self.done else "modifying"

    @property
    def progress(self) -> int:
        """Percent done."""
        return 100 if self.done else 0


class VolumeRules:
    """Volumes, snapshots and attachments, checked as EC2 checks them.

    ``modification_hours`` is how long a volume can't be changed again: 6 in AWS, 0 here
    unless the rehearsal was started with it, so that growing twice can be practiced.
    """

    modification_hours: float = 0.0

    def create_volume(self: Any, size: Any, zone_name: str, *args: Any, **kwargs: Any) -> Any:
        """Create a volume of ``size`` GiB in a zone."""
        volume_type = kwargs.get("volume_type") or "gp2"
        snapshot_id = kwargs.get("snapshot_id")
        if snapshot_id and size is not None:
            needed = self.get_snapshot(snapshot_id).volume_size
            if int(size) < needed:
                raise EC2ClientError(
                    "InvalidParameterValue",
                    f"The size of the volume ({size} GiB) is smaller than that of the snapshot"
                    f" ({needed} GiB).",
                )
        if size is not None:
            _check_size(int(size), volume_type)
        if volume_type == "gp3" and not kwargs.get("throughput"):
            kwargs["throughput"] = 125
        volume = super().create_volume(size, zone_name, *args, **kwargs)  # type: ignore[misc]
        volume.__class__ = RehearsalVolume
        return volume

    def modify_volume(
        self: Any,
        volume_id: str,
        target_size: Any = None,
        target_volume_type: str | None = None,
        *args: Any,
        **kwargs: Any,
    ) -> Any:
        """Change a volume; never to a smaller size, and not while the last change is at work."""
        volume = self.get_volume(volume_id)
        if target_size is not None:
            if int(target_size) < volume.size:
                raise EC2ClientError(
                    "InvalidParameterValue", "New size cannot be smaller than existing size"
                )
            _check_size(int(target_size), target_volume_type or volume.volume_type)
        self._check_last_modification(volume)
        volume = super().modify_volume(  # type: ignore[misc]
            volume_id, target_size, target_volume_type, *args, **kwargs
        )
        volume.modifications[-1].__class__ = RehearsalModification
        return volume

    def _check_last_modification(self, volume: Any) -> None:
        if not volume.modifications:
            return
        last = volume.modifications[-1]
        if last.modification_state == "modifying":
            raise EC2ClientError(
                "IncorrectModificationState",
                f"Volume {volume.id} is not in a state from which it can be modified: its last"
                " modification is still in progress.",
            )
        if utcnow() - last.start_time < timedelta(hours=self.modification_hours):
            raise EC2ClientError(
                "VolumeModificationRateExceeded",
                "You've reached the maximum modification rate per volume limit. Wait at least"
                f" {self.modification_hours:g} hours between modifications per EBS volume.",
            )

    def describe_volumes_modifications(
        self: Any, volume_ids: list[str] | None = None, filters: Any = None
    ) -> Any:
        """Return each volume's last change, as EC2 does (moto: all of them)."""
        found = super().describe_volumes_modifications(volume_ids, filters)  # type: ignore[misc]
        if volume_ids and not found:
            raise EC2ClientError(
                "InvalidVolumeModification.NotFound",
                f"Modification for volume '{volume_ids[0]}' does not exist.",
            )
        return list({each.volume_id: each for each in found}.values())

    def attach_volume(
        self: Any, volume_id: str, instance_id: str, device_path: str, *args: Any, **kwargs: Any
    ) -> Any:
        """Attach a volume to an instance of its zone under a free device name."""
        volume, instance = self.get_volume(volume_id), self.get_instance(instance_id)
        # moto attaches a new instance's own volumes while it is being made.
        launching = not hasattr(instance, "reboot_wanted")
        if not launching:
            _check_attachment(volume, instance, device_path)
        attachment = super().attach_volume(  # type: ignore[misc]
            volume_id, instance_id, device_path, *args, **kwargs
        )
        volume.root = device_path == instance.root_device_name
        attachment.status = "attached" if volume.root else "attaching"
        return attachment

    def detach_volume(self: Any, volume_id: str, instance_id: str, device_path: str) -> Any:
        """Begin to detach a volume; the reconcile loop ends it when the machine let it go."""
        volume = self.get_volume(volume_id)
        if volume.attachment is None:
            raise EC2ClientError(
                "IncorrectState", f"Volume '{volume_id}' is in the '{volume.status}' state."
            )
        if instance_id and volume.attachment.instance.id != instance_id:
            raise EC2ClientError(
                "InvalidAttachment.NotFound",
                f"The volume '{volume_id}' is not attached to instance '{instance_id}'.",
            )
        instance = volume.attachment.instance
        if instance.state in {"shutting-down", "terminated"}:
            return self.end_attachment(volume)
        if volume.root:
            raise EC2ClientError(
                "OperationNotPermitted",
                f"Unable to detach root volume '{volume_id}' from instance '{instance.id}': in a"
                " rehearsal the root volume is the machine's own file system.",
            )
        volume.attachment.status = "detaching"
        return volume.attachment

    def end_attachment(self: Any, volume: Any) -> Any:
        """Take the attachment off, when the machine has no such device any more."""
        attachment = volume.attachment
        return super().detach_volume(volume.id, attachment.instance.id, attachment.device)  # type: ignore[misc]

    def create_snapshot(
        self: Any, volume_id: str, description: str, *args: Any, **kwargs: Any
    ) -> Any:
        """Begin a snapshot; complete when the reconcile loop has copied the volume."""
        volume = self.get_volume(volume_id)
        from_image = bool(kwargs.get("from_ami"))
        if volume.root and not from_image:
            raise EC2ClientError(
                "UnsupportedOperation",
                f"{volume_id} is a root volume: in a rehearsal that is the machine's own file"
                " system, which can't be snapshotted.",
            )
        snapshot = super().create_snapshot(volume_id, description, *args, **kwargs)  # type: ignore[misc]
        # The volume may grow or go; the snapshot keeps its size of now.
        snapshot.volume = copy.copy(volume)
        if not from_image:
            snapshot.status = "pending"
        return snapshot

    def delete_volume(self: Any, volume_id: str) -> Any:
        """Delete a volume that nothing is attached to."""
        volume = self.get_volume(volume_id)
        if volume.attachment and volume.attachment.instance.state == "terminated":
            self.end_attachment(volume)
        return super().delete_volume(volume_id)  # type: ignore[misc]


def _check_size(size: int, volume_type: str) -> None:
    largest = _LARGEST.get(volume_type, _LARGEST_OTHERWISE)
    if size < 1:
        raise EC2ClientError(
            "InvalidParameterValue", f"Volume of {size}GiB is too small; minimum is 1GiB."
        )
    if size > largest:
        raise EC2ClientError(
            "InvalidParameterValue",
            f"Volume of {size}GiB is too large for volume type {volume_type}; maximum is"
            f" {largest}GiB.",
        )


def _check_attachment(volume: Any, instance: Any, device: str) -> None:
    if not device or not _DEVICE.fullmatch(device):
        raise EC2ClientError(
            "InvalidParameterValue",
            f"Value ({device}) for parameter device is invalid. {device} is not a valid EBS"
            " device name.",
        )
    if volume.attachment:
        raise EC2ClientError("VolumeInUse", f"{volume.id} is already attached to an instance")
    if volume.status != "available":
        raise EC2ClientError("IncorrectState", f"{volume.id} is not 'available'.")
    if instance.state not in {"running", "stopped"}:
        raise EC2ClientError("IncorrectState", f"Instance '{instance.id}' is not 'running'.")
    if volume.availability_zone != instance.placement.zone:
        raise EC2ClientError(
            "InvalidVolume.ZoneMismatch",
            f"The volume '{volume.id}' is not in the same availability zone as instance"
            f" '{instance.id}'",
        )
    if device in instance.block_device_mapping:
        raise EC2ClientError(
            "InvalidParameterValue",
            f"Invalid value '{device}' for unixDevice. Attachment point {device} is already in use",
        )
