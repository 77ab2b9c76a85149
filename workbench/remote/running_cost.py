"""What a server costs as it is: its instance, its volumes and its address."""

from dataclasses import asdict
from dataclasses import dataclass
from typing import Any

from workbench.prices import in_dollars
from workbench.remote.stack_state import StackState


@dataclass(frozen=True)
class RunningCost:
    """US dollars a month, before tax; None is unknown. ``source`` says whose prices these are."""

    running: float | None
    stopped: float | None
    source: str

    def as_json(self) -> dict[str, Any]:
        """Return it for scripts."""
        return asdict(self)

    def told(self) -> str:
        """Return it for people."""
        return (
            f"{in_dollars(self.running)} a month, always running;"
            f" {in_dollars(self.stopped)} stopped\n({self.source})"
        )


def read_cost(state: StackState, instance: dict[str, Any]) -> RunningCost:
    """Return what an instance, as EC2 describes it, costs with its volumes and address.

    AWS isn't asked for prices: this is read again and again.
    """
    kind = str(instance["InstanceType"])
    prices = state.prices(kind, asks=False)
    cost = prices.monthly(kind, volumes_gib=volumes_gib(state.aws("ec2"), instance))
    free = "; free in a rehearsal" if state.rehearsal is not None else ""
    return RunningCost(cost.total, cost.stopped, f"{prices.source}, before tax{free}")


def volumes_gib(ec2: Any, instance: dict[str, Any]) -> int:
    """Return the size of the volumes that are attached to an instance, together."""
    attached = [each["Ebs"]["VolumeId"] for each in instance.get("BlockDeviceMappings", [])]
    found = ec2.describe_volumes(VolumeIds=attached)["Volumes"] if attached else []
    return sum(int(volume["Size"]) for volume in found)
