"""What state instances and volumes are in, and how to bring an instance to another."""

from typing import Any

from botocore.exceptions import ClientError

from .cloud import Cloud
from .failures import ProviderError
from .failures import is_gone

# An instance that is on its way out is as good as gone: nothing can be done with it any more.
GONE = ("shutting-down", "terminated")


def describe_instance(cloud: Cloud, identifier: str) -> dict[str, Any] | None:
    """Return EC2's description of an instance, or None when EC2 has forgotten it."""
    try:
        answer = cloud.client("ec2").describe_instances(InstanceIds=[identifier])
    except ClientError as error:
        if is_gone(error):
            return None
        raise
    found: list[dict[str, Any]] = [
        instance for one in answer["Reservations"] for instance in one["Instances"]
    ]
    return found[0] if found else None


def instance_state(cloud: Cloud, identifier: str) -> str:
    """Return an instance's state; one that EC2 has forgotten is "terminated"."""
    instance = describe_instance(cloud, identifier)
    return str(instance["State"]["Name"]) if instance else "terminated"


def wait_for_instance(cloud: Cloud, identifier: str, wanted: str) -> None:
    """Wait until an instance is in a state; raise ProviderError when it goes another way."""
    dead = [
        state
        for state in ("terminated", "stopped" if wanted == "running" else "")
        if state and state != wanted
    ]

    def arrived() -> bool:
        instance = describe_instance(cloud, identifier)
        state = instance["State"]["Name"] if instance else "terminated"
        if state in dead:
            reason = (instance or {}).get("StateReason", {}).get("Message") or "no reason given"
            raise ProviderError(
                f"Instance {identifier} is {state} in place of {wanted}: {reason}.",
                "Look at its boot log: workbench rehearsal.status",
            )
        return bool(state == wanted)

    cloud.wait(f"instance {identifier} to be {wanted}", arrived)


def stop_instance(cloud: Cloud, identifier: str) -> None:
    """Stop an instance and wait until it has stopped; one that is gone is fine."""
    if instance_state(cloud, identifier) in (*GONE, "stopped"):
        return
    cloud.client("ec2").stop_instances(InstanceIds=[identifier])
    wait_for_instance(cloud, identifier, "stopped")


def start_instance(cloud: Cloud, identifier: str) -> None:
    """Start an instance and wait until it runs."""
    cloud.client("ec2").start_instances(InstanceIds=[identifier])
    wait_for_instance(cloud, identifier, "running")


def describe_volume(cloud: Cloud, identifier: str) -> dict[str, Any]:
    """Return EC2's description of a volume; raise ClientError when there is none."""
    answer = cloud.client("ec2").describe_volumes(VolumeIds=[identifier])
    volume: dict[str, Any] = answer["Volumes"][0]
    return volume


def volume_is_gone(cloud: Cloud, identifier: str) -> bool:
    """Return whether a volume no longer exists."""
    try:
        return bool(describe_volume(cloud, identifier)["State"] == "deleted")
    except ClientError as error:
        if is_gone(error):
            return True
        raise
