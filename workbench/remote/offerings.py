"""Which instance types AWS offers, and in which zones."""

from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any


def find_offerings(ec2: Any, filters: Mapping[str, Sequence[str]]) -> list[dict[str, str]]:
    """Return what EC2 says of types (``InstanceType``) in zones (``Location``).

    ``filters`` are EC2's, by their names.
    """
    found: list[dict[str, str]] = ec2.describe_instance_type_offerings(
        LocationType="availability-zone",
        Filters=[{"Name": name, "Values": list(values)} for name, values in filters.items()],
    )["InstanceTypeOfferings"]
    return found


def zones_that_offer(ec2: Any, instance_type: str) -> list[str]:
    """Return the zones that offer an instance type."""
    found = find_offerings(ec2, {"instance-type": [instance_type]})
    return sorted(each["Location"] for each in found)


def find_zones(ec2: Any) -> list[str]:
    """Return the zones that a workbench may be in: Local Zones are of another kind."""
    found = ec2.describe_availability_zones(
        Filters=[{"Name": "opt-in-status", "Values": ["opt-in-not-required"]}]
    )["AvailabilityZones"]
    return sorted(each["ZoneName"] for each in found)
