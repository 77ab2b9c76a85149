"""The data volume: homes and the server's identity, apart from the server."""

from typing import NotRequired
from typing import TypedDict

import pulumi
import pulumi_aws as aws

from workbench.components.errors import ArgumentError
from workbench.components.validation import check_number

DEFAULT_SIZE = 20


class StorageArgs(TypedDict):
    """A data volume: a new one, one restored from a snapshot, or one you have."""

    availability_zone: NotRequired[pulumi.Input[str]]
    """The zone of the server. Needed for a new volume, left out for an existing one."""

    size: NotRequired[int]
    """Size in GiB, 1 to 16384; it can grow later, never shrink. Default: 20, or the snapshot's."""

    snapshot_id: NotRequired[pulumi.Input[str]]
    """The snapshot to restore. Given later, it makes a new volume; the old one is kept."""

    volume_id: NotRequired[pulumi.Input[str]]
    """An existing volume to use, such as one kept when a stack was destroyed. It is neither grown
    nor deleted by this stack."""

    keep: NotRequired[bool]
    """Whether the volume stays in AWS when the stack is destroyed. Default: true."""

    kms_key_id: NotRequired[pulumi.Input[str]]
    """The ARN of the KMS key to encrypt with. Default: the account's key for EBS."""


class Storage(pulumi.ComponentResource):
    """An encrypted EBS volume that outlives servers and, unless told otherwise, the stack."""

    volume_id: pulumi.Output[str]
    """The volume."""

    availability_zone: pulumi.Output[str]
    """The volume's zone, where the server must be too."""

    def __init__(
        self, name: str, args: StorageArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("workbench:index:Storage", name, {}, opts)
        volume_id = args.get("volume_id")
        volume = (
            self._create_volume(name, args)
            if volume_id is None
            else self._use_volume(name, volume_id, args)
        )
        self.volume_id = volume.id
        self.availability_zone = volume.availability_zone
        self.register_outputs(
            {"volumeId": self.volume_id, "availabilityZone": self.availability_zone}
        )

    def _use_volume(
        self, name: str, volume_id: pulumi.Input[str], args: StorageArgs
    ) -> aws.ebs.Volume:
        unused = [key for key in ("snapshot_id", "size", "kms_key_id") if args.get(key) is not None]
        if unused:
            raise ArgumentError(
                f"{' and '.join(unused)} can't be chosen for an existing volume.",
                f"Leave out {' and '.join(unused)}, or leave out volume_id.",
            )
        return aws.ebs.Volume.get(
            f"{name}-volume", volume_id, opts=pulumi.ResourceOptions(parent=self)
        )

    def _create_volume(self, name: str, args: StorageArgs) -> aws.ebs.Volume:
        zone = args.get("availability_zone")
        if zone is None:
            raise ArgumentError(
                "availability_zone is missing: a volume can only be attached to a server in its "
                "own zone.",
                "Give the availability_zone of the server's subnet.",
            )
        snapshot_id = args.get("snapshot_id")
        size = args.get("size")
        if size is not None:
            size = check_number(size, "size", 1, 16384, "GiB")
        elif snapshot_id is None:
            size = DEFAULT_SIZE
        keep = args.get("keep")
        return aws.ebs.Volume(
            f"{name}-volume",
            availability_zone=zone,
            size=size,
            type="gp3",
            encrypted=True,
            kms_key_id=args.get("kms_key_id"),
            snapshot_id=snapshot_id,
            tags={"Name": name},
            # Also on replacement: no change of the configuration ever deletes people's data.
            opts=pulumi.ResourceOptions(parent=self, retain_on_delete=keep is not False),
        )
