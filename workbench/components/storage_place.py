"""A data volume stays where and what it is: no change puts a blank one in its place."""

from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

import pulumi
import pulumi_aws as aws

from workbench.components.errors import ArgumentError
from workbench.components.stack_tag import STACK_TAG

# What a volume has for life: for another one, AWS makes another volume, and a blank one.
FIXED = ("availabilityZone", "encrypted", "kmsKeyId")


def check_place(volume: aws.ebs.Volume, args: Mapping[str, Any]) -> pulumi.Output[str]:
    """Return the zone of a volume, once that is where it is wanted, with the key it is wanted with.

    As changes of ``FIXED`` are ignored, the volume's own outputs tell what it is.
    """
    wanted = args.get("availability_zone")
    # One that was there before has the key that it has.
    key = args.get("kms_key_id") if args.get("volume_id") is None else None
    tag = f"{pulumi.get_project()}/{pulumi.get_stack()}"

    def check(known: Sequence[str | None]) -> str:
        zone, wanted_zone, own_key, wanted_key = known
        if wanted_zone and zone != wanted_zone and args.get("volume_id") is not None:
            raise ArgumentError(
                f"The data volume that is to be used is in {zone}, and the server's zone is to be"
                f" {wanted_zone}: a volume can be at a server in its own zone only.",
                f"pulumi config rm workbench:availabilityZone --stack {pulumi.get_stack()}"
                "   makes the zone follow the volume; a subnet (workbench:subnetId) must be in"
                f" {zone}, too.",
            )
        if wanted_zone and zone != wanted_zone:
            raise ArgumentError(
                f"The data volume is in {zone}, and a volume can't move to {wanted_zone}: people"
                " would find a blank one in its place.",
                _how_to_move(str(wanted_zone), tag),
            )
        # An alias is another name of some key, which isn't in it.
        if wanted_key and own_key and ":alias/" not in wanted_key and own_key != wanted_key:
            raise ArgumentError(
                f"The data volume is encrypted with {own_key}, and can't get another key: people"
                " would find a blank one in its place.",
                "Leave kms_key_id as it was; a copy of a snapshot can have another key.",
            )
        return str(zone)

    return pulumi.Output.all(
        volume.availability_zone, wanted, volume.kms_key_id if key else None, key
    ).apply(check)


def _how_to_move(zone: str, tag: str) -> str:
    stack = tag.rpartition("/")[2]
    return (
        "Leave the zone as it is, or restore a snapshot there:\n"
        f"  workbench data.backup --stack {stack}\n"
        f"  aws ec2 create-volume --availability-zone {zone} --snapshot-id SNAPSHOT"
        " --volume-type gp3 --encrypted"
        f" --tag-specifications 'ResourceType=volume,Tags=[{{Key={STACK_TAG},Value={tag}}}]'\n"
        f"  pulumi config set workbench:dataVolumeId VOLUME --stack {stack}\n"
        f"  workbench up --stack {stack}\n"
        "  Where no server ever had it, as after a first up that failed, the last command alone"
        " will do."
    )
