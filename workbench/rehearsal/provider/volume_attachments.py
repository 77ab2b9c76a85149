"""Attachments of EBS volumes."""

import zlib
from typing import Any

from . import states
from .cloud import Cloud
from .resource import Calls
from .resource import Change
from .resource import ResourceType
from .resource import names
from .values import Properties


def attach_volume(cloud: Cloud, inputs: Properties) -> str:
    """Attach a volume to an instance that runs or is stopped."""
    instance = inputs["instanceId"]
    cloud.wait(
        f"instance {instance} to accept volumes",
        lambda: states.instance_state(cloud, instance) in ("running", "stopped", "terminated"),
    )
    # Attached already by an operation that was interrupted: so does the official plugin see it.
    if _attachment(cloud, inputs["volumeId"], instance) is None:
        cloud.client("ec2").attach_volume(
            InstanceId=instance, VolumeId=inputs["volumeId"], Device=inputs["deviceName"]
        )
    key = f"{inputs['deviceName']}-{instance}-{inputs['volumeId']}-"
    return f"vai-{zlib.crc32(key.encode())}"


def settle_attachment(cloud: Cloud, identifier: str, inputs: Properties) -> None:
    """Wait until a volume is attached."""

    def attached() -> bool:
        found = _attachment(cloud, inputs["volumeId"], inputs["instanceId"])
        return found is not None and found["State"] == "attached"

    cloud.wait(f"volume {inputs['volumeId']} to be attached", attached)


def _attachment(cloud: Cloud, volume: str, instance: str) -> dict[str, Any] | None:
    found: list[dict[str, Any]] = [
        one
        for one in states.describe_volume(cloud, volume).get("Attachments", [])
        if one["InstanceId"] == instance and one["State"] != "detached"
    ]
    return found[0] if found else None


def read_attachment(cloud: Cloud, identifier: str, state: Properties) -> Properties | None:
    """Read an attachment; an import's id is "DEVICE:VOLUME:INSTANCE"."""
    parts = identifier.split(":")
    if len(parts) == 3:
        volume, instance = parts[1], parts[2]
    else:
        volume, instance = state["volumeId"], state["instanceId"]
    found = _attachment(cloud, volume, instance)
    if found is None or states.instance_state(cloud, instance) in states.GONE:
        return None
    return {"volumeId": volume, "instanceId": instance, "deviceName": found["Device"]}


def update_attachment(cloud: Cloud, identifier: str, change: Change) -> None:
    """Take note of how to detach later; nothing changes now."""


def detach_volume(cloud: Cloud, identifier: str, state: Properties) -> None:
    """Detach a volume, in the way the program chose."""
    volume, instance = state["volumeId"], state["instanceId"]
    if state.get("skipDestroy") or _attachment(cloud, volume, instance) is None:
        return
    if state.get("stopInstanceBeforeDetaching"):
        states.stop_instance(cloud, instance)
    cloud.client("ec2").detach_volume(
        VolumeId=volume,
        InstanceId=instance,
        Device=state["deviceName"],
        Force=bool(state.get("forceDetach", False)),
    )
    cloud.wait(
        f"volume {volume} to be detached", lambda: _attachment(cloud, volume, instance) is None
    )


VOLUME_ATTACHMENT = ResourceType(
    type="aws:ec2/volumeAttachment:VolumeAttachment",
    calls=Calls(
        attach_volume, read_attachment, detach_volume, update_attachment, settle_attachment
    ),
    inputs=names(
        "deviceName forceDetach instanceId skipDestroy stopInstanceBeforeDetaching volumeId"
    ),
    required=names("deviceName instanceId volumeId"),
    replaces=names("deviceName instanceId volumeId"),
    # A volume can't be attached twice, so the old attachment goes first.
    delete_before_replace=True,
)

ROWS = (VOLUME_ATTACHMENT,)
