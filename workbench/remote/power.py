"""Start, stop and reboot the server's instance, and see that it keeps running."""

import time
from typing import Any

from workbench.errors import WaitTimeoutError
from workbench.errors import WorkbenchError
from workbench.progress import Phase
from workbench.remote.console import Console

DELAY = 2
ATTEMPTS = 150
# While something else is waited for, the API is asked this often, in seconds.
CHECK_INTERVAL = 3.0
CONSOLE_LINES = 15
NO_CAPACITY = "InsufficientInstanceCapacity"


class NoCapacityError(WorkbenchError):
    """AWS has no instance of the type to give just now."""


class PowerWatch:
    """An instance that has to run; ``stack`` is for the sentences."""

    def __init__(self, ec2: Any, instance_id: str, stack: str) -> None:
        self._ec2, self._instance_id = ec2, instance_id
        self._option = f" --stack {stack}"
        self._checked = 0.0

    def ensure_running(self, phase: Phase) -> None:
        """Start a stopped instance and wait until it runs.

        Whether it runs is no part of a stack's configuration, so Pulumi would leave it stopped.
        """
        state = self._state()
        if state == "stopping":
            self._wait("instance_stopped", phase)
            state = "stopped"
        if state == "stopped":
            self._start()
            state = "pending"
        if state == "pending":
            self._wait("instance_running", phase)
        elif state != "running":
            raise WorkbenchError(
                f"The instance {self._instance_id} is {state}.", f"workbench up{self._option}"
            )

    def _start(self) -> None:
        from botocore.exceptions import ClientError

        try:
            self._ec2.start_instances(InstanceIds=[self._instance_id])
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") != NO_CAPACITY:
                raise
            instance_type = str(self._describe().get("InstanceType", "its type"))
            raise NoCapacityError(
                f"AWS has no capacity for {instance_type} in this zone right now, so"
                f" {self._instance_id} can't be started.",
                f"Try again in a few minutes, or: workbench resize TYPE{self._option}",
            ) from error

    def ensure_stopped(self, phase: Phase) -> None:
        """Stop the instance and wait until it has stopped; one that is stopped is fine."""
        state = self._state()
        if state == "stopped":
            return
        if state == "pending":
            # EC2 stops none that hasn't started yet.
            self._wait("instance_running", phase)
        self._ec2.stop_instances(InstanceIds=[self._instance_id])
        self._wait("instance_stopped", phase)

    def reboot(self) -> None:
        """Ask for a reboot; the instance's state stays "running" meanwhile."""
        self._ec2.reboot_instances(InstanceIds=[self._instance_id])

    @property
    def state(self) -> str:
        """EC2's word for the instance's state; one that EC2 has forgotten is "terminated"."""
        return self._state()

    @property
    def instance_type(self) -> str:
        """The type the instance has now, as EC2 tells it; empty where there is no instance."""
        return str(self._describe().get("InstanceType", ""))

    @property
    def is_ending(self) -> bool:
        """Whether the instance is being terminated."""
        return self._state() == "shutting-down"

    def await_end(self, phase: Phase) -> None:
        """Wait until the instance is terminated: its data volume is only free after that."""
        self._wait("instance_terminated", phase)

    def check(self) -> None:
        """Raise when the instance stopped by itself; its console's last lines say why."""
        if time.monotonic() - self._checked < CHECK_INTERVAL:
            return
        self._checked = time.monotonic()
        state = self._state()
        if state in ("pending", "running"):
            return
        last = Console(self._ec2, self._instance_id).read().splitlines()[-CONSOLE_LINES:]
        shown = "".join(f"\n    {line}" for line in last)
        raise WorkbenchError(
            f"The instance {self._instance_id} is {state}: it stopped while booting.{shown}",
            "The same command starts it again",
        )

    def _state(self) -> str:
        state = self._describe().get("State", {})
        return str(state.get("Name", "terminated"))

    def _describe(self) -> dict[str, Any]:
        wanted = [{"Name": "instance-id", "Values": [self._instance_id]}]
        found = self._ec2.describe_instances(Filters=wanted)["Reservations"]
        instance: dict[str, Any] = found[0]["Instances"][0] if found else {}
        return instance

    def _wait(self, what: str, phase: Phase) -> None:
        from botocore.exceptions import WaiterError

        phase.update(f"{self._instance_id}: waiting for {what.replace('_', ' ')}")
        try:
            self._ec2.get_waiter(what).wait(
                InstanceIds=[self._instance_id],
                WaiterConfig={"Delay": DELAY, "MaxAttempts": ATTEMPTS},
            )
        except WaiterError as error:
            raise WaitTimeoutError(
                f"The instance {self._instance_id} did not get there within"
                f" {DELAY * ATTEMPTS} s ({what.replace('_', ' ')}).",
                f"aws ec2 describe-instances --instance-ids {self._instance_id}",
            ) from error
