"""Which other zones and instance types AWS offers; nothing where it doesn't say."""

from workbench.errors import WorkbenchError
from workbench.remote.offerings import find_offerings
from workbench.remote.offerings import find_zones
from workbench.remote.stack_state import StackState

# Of these the first that a zone offers are named: x86, 2 or 4 vCPUs, 4 to 16 GiB.
_TYPES = (
    "t3.medium",
    "t3a.medium",
    "t3.large",
    "t3a.large",
    "m7i-flex.large",
    "m6i.large",
    "m5.large",
    "t3.xlarge",
    "m6i.xlarge",
)
MOST_NAMED = 3


def other_zones(state: StackState, instance_type: str, zone: str) -> list[str]:
    """Return the region's other zones that offer an instance type."""
    offers = _offers(state, {"instance-type": [instance_type]})
    return sorted({location for _, location in offers if location != zone})


def other_types(state: StackState, instance_type: str, zone: str) -> list[str]:
    """Return some other instance types that a zone offers, the small ones first."""
    others = [each for each in _TYPES if each != instance_type]
    offered = {name for name, _ in _offers(state, {"location": [zone], "instance-type": others})}
    return [each for each in others if each in offered][:MOST_NAMED]


def _offers(state: StackState, filters: dict[str, list[str]]) -> list[tuple[str, str]]:
    from botocore.exceptions import BotoCoreError
    from botocore.exceptions import ClientError

    try:
        ec2 = state.aws("ec2")
        found, allowed = find_offerings(ec2, filters), find_zones(ec2)
    except (BotoCoreError, ClientError, WorkbenchError):
        return []
    return [(e["InstanceType"], e["Location"]) for e in found if e["Location"] in allowed]
