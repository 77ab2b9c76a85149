"""What AWS has of a lab, by its name."""

from typing import Any

from workbench.checks.labs.names import NAME
from workbench.checks.target import Target

_NAMED = [{"Name": "tag:Name", "Values": [NAME]}]
_THERE = ("pending", "running", "stopping", "stopped")


def find_instances(ec2: Any) -> list[dict[str, Any]]:
    """Return the instances named as the lab's that aren't terminated, the newest first."""
    wanted = [*_NAMED, {"Name": "instance-state-name", "Values": list(_THERE)}]
    found = ec2.describe_instances(Filters=wanted)["Reservations"]
    instances = [instance for group in found for instance in group["Instances"]]
    return sorted(instances, key=lambda each: str(each["LaunchTime"]), reverse=True)


def the_instance(target: Target) -> dict[str, Any]:
    """Return the lab's instance as EC2 has it; ``lab-instance`` has seen that there is one."""
    return find_instances(target.aws("ec2"))[0]


def find_groups(ec2: Any) -> list[dict[str, Any]]:
    """Return the security groups named as the lab's, by name or by the tag ``Name``."""
    found = {}
    for wanted in ([{"Name": "group-name", "Values": [NAME]}], _NAMED):
        for group in ec2.describe_security_groups(Filters=wanted)["SecurityGroups"]:
            found[group["GroupId"]] = group
    return list(found.values())
