"""What exists of a stack whose first up hasn't ended: outputs don't tell, Pulumi's state does."""

from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

from workbench.engine.state import Resource
from workbench.engine.state import short_type
from workbench.errors import WorkbenchError
from workbench.progress import Progress
from workbench.remote.selection import find_project

# What costs while nobody uses it, in words.
_COSTING = {
    "Instance": "the server",
    "Volume": "the data volume",
    "Eip": "the Elastic IP",
    "NatGateway": "the NAT gateway",
}


def read_existing(stack: str, progress: Progress) -> tuple[Resource, ...]:
    """Return what Pulumi's state has of a stack; nothing where it can't be read."""
    from workbench.engine.stacks import open_stack

    try:
        return open_stack(stack, find_project(), progress).state().resources
    except WorkbenchError:
        return ()


def tell_existing(resources: Sequence[Resource]) -> str:
    """Return a sentence on what exists: by its ID what costs, by its kind all else."""
    costing = [
        f"{_COSTING[short_type(each.type)]} {each.id}"
        for each in resources
        if short_type(each.type) in _COSTING and each.id
    ]
    others = [short_type(each.type) for each in resources if short_type(each.type) not in _COSTING]
    kinds = ", ".join(sorted(set(others)))
    cost = "object that costs" if len(others) == 1 else "objects that cost"
    rest = f"{len(others)} {cost} next to nothing ({kinds})" if others else ""
    return f"What exists: {', '.join(filter(None, [*costing, rest]))}."


def unfinished(stack: str, resources: Sequence[Resource]) -> str:
    """Return what to say of a stack whose first up hasn't ended; commands come line by line."""
    return (
        f"An up of the stack {stack} hasn't finished. {tell_existing(resources)}\n"
        f"workbench up --stack {stack}        continues\n"
        f"workbench destroy --stack {stack}   removes what exists"
    )


def zone_in(deployment: Mapping[str, Any]) -> str:
    """Return the zone that a deployment is in; empty where it isn't in one yet."""
    kinds = ("Volume", "Subnet", "Instance")
    zones = [
        str((each.get("outputs") or {}).get("availabilityZone") or "")
        for each in deployment.get("resources") or []
        if short_type(each["type"]) in kinds and not each.get("delete")
    ]
    return next(filter(None, zones), "")


def volumes_in(deployment: Mapping[str, Any], of: str = "") -> list[str]:
    """Return the IDs of the volumes in a deployment; only those of a component's type ``of``."""
    found = [
        str(each.get("id") or "")
        for each in deployment.get("resources") or []
        if short_type(each["type"]) == "Volume"
        and not each.get("delete")
        and of in each.get("urn", "")
    ]
    return list(dict.fromkeys(filter(None, found)))
