"""Servers that a killed command was just making: in AWS, and not in Pulumi's state."""

from typing import Any

from workbench.remote.stack_state import StackState

_LIVES = ["pending", "running", "stopping", "stopped"]
_KEPT = ("instance_id", "other_instance_id")


def stray_servers(state: StackState) -> list[str]:
    """Return the instances of the workbench's own security group that the stack knows nothing of.

    Only those that have a server's name: what else a person may have put into the group is theirs.
    """
    known = {str(state.outputs.get(key)) for key in _KEPT}
    ec2 = state.aws("ec2")
    names = {_name(each) for each in _instances(ec2, "instance-id", sorted(known))}
    base = next(iter(names), "").removesuffix("-2")
    group = str(state.outputs.get("security_group_id"))
    return [
        str(each["InstanceId"])
        for each in _instances(ec2, "instance.group-id", [group])
        if each["InstanceId"] not in known and _name(each) in (base, f"{base}-2")
    ]


def _instances(ec2: Any, key: str, values: list[str]) -> list[Any]:
    filters = [{"Name": key, "Values": values}, {"Name": "instance-state-name", "Values": _LIVES}]
    found = ec2.describe_instances(Filters=filters)["Reservations"]
    return [instance for group in found for instance in group["Instances"]]


def _name(instance: Any) -> str:
    tags = {tag["Key"]: tag["Value"] for tag in instance.get("Tags", [])}
    return str(tags.get("Name", ""))
