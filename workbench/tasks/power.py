"""See that the server's instance runs."""

from typing import Any

from workbench.errors import WaitTimeoutError
from workbench.errors import WorkbenchError
from workbench.progress import Phase

DELAY = 2
ATTEMPTS = 150


def ensure_running(ec2: Any, instance_id: str, phase: Phase) -> None:
    """Start a stopped instance and wait until it runs.

    Whether it runs is no part of a stack's configuration, so Pulumi would leave it stopped.
    """
    state = _state(ec2, instance_id)
    if state == "stopping":
        _wait(ec2, "instance_stopped", instance_id, phase)
        state = "stopped"
    if state == "stopped":
        ec2.start_instances(InstanceIds=[instance_id])
        state = "pending"
    if state == "pending":
        _wait(ec2, "instance_running", instance_id, phase)
    elif state != "running":
        raise WorkbenchError(f"The instance {instance_id} is {state}.", "pulumi refresh")


def _state(ec2: Any, instance_id: str) -> str:
    wanted = [{"Name": "instance-id", "Values": [instance_id]}]
    found = ec2.describe_instances(Filters=wanted)["Reservations"]
    return str(found[0]["Instances"][0]["State"]["Name"]) if found else "terminated"


def _wait(ec2: Any, what: str, instance_id: str, phase: Phase) -> None:
    from botocore.exceptions import WaiterError

    phase.update(f"{instance_id}: waiting for {what.replace('_', ' ')}")
    try:
        ec2.get_waiter(what).wait(
            InstanceIds=[instance_id], WaiterConfig={"Delay": DELAY, "MaxAttempts": ATTEMPTS}
        )
    except WaiterError as error:
        raise WaitTimeoutError(
            f"The instance {instance_id} did not get there within {DELAY * ATTEMPTS} s"
            f" ({what.replace('_', ' ')}).",
            f"aws ec2 describe-instances --instance-ids {instance_id}",
        ) from error
