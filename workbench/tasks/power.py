"""See that the server's instance runs, and goes on running."""

import time
from typing import Any

from workbench.errors import WaitTimeoutError
from workbench.errors import WorkbenchError
from workbench.progress import Phase

DELAY = 2
ATTEMPTS = 150
# While something else is waited for, the API is asked this often, in seconds.
CHECK_INTERVAL = 3.0
CONSOLE_LINES = 15


class PowerWatch:
    """An instance that has to run."""

    def __init__(self, ec2: Any, instance_id: str) -> None:
        self._ec2, self._instance_id = ec2, instance_id
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
            self._ec2.start_instances(InstanceIds=[self._instance_id])
            state = "pending"
        if state == "pending":
            self._wait("instance_running", phase)
        elif state != "running":
            raise WorkbenchError(f"The instance {self._instance_id} is {state}.", "pulumi refresh")

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
        console = self._ec2.get_console_output(InstanceId=self._instance_id, Latest=True)
        last = console.get("Output", "").splitlines()[-CONSOLE_LINES:]
        shown = "".join(f"\n    {line}" for line in last)
        raise WorkbenchError(
            f"The instance {self._instance_id} is {state}: it stopped while it booted.{shown}",
            "The same command starts it again",
        )

    def _state(self) -> str:
        wanted = [{"Name": "instance-id", "Values": [self._instance_id]}]
        found = self._ec2.describe_instances(Filters=wanted)["Reservations"]
        return str(found[0]["Instances"][0]["State"]["Name"]) if found else "terminated"

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
