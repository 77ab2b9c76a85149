"""What the servers, volumes and addresses that Pulumi makes or changes cost a month."""

import textwrap
from collections.abc import Mapping
from collections.abc import Sequence
from typing import TYPE_CHECKING

from workbench.engine.state import Resource
from workbench.engine.state import short_type
from workbench.prices import IMAGE_GIB
from workbench.prices import in_dollars
from workbench.prices import sum_of
from workbench.remote.stack_state import StackState

if TYPE_CHECKING:
    from workbench.engine.changes import Changes

WIDTH = 78
# Steps after which there is something that costs; the rest of a replacement is counted by these.
_LEAVING = ("create", "import", "update", "replace")
_KINDS = ("Instance", "Volume", "Eip", "Zone")


def what_costs(changes: "Changes") -> list[Resource]:
    """Return what the changes make or change that costs something by itself, with its inputs."""
    return [
        resource
        for op, resource in changes.steps
        if op in _LEAVING and resource.inputs and short_type(resource.type) in _KINDS
    ]


def cost_lines(state: StackState, left: Sequence[Resource]) -> list[str]:
    """Return what these cost a month, in lines."""
    servers, disks, addresses, zones = (
        [each.inputs for each in left if short_type(each.type) == kind] for kind in _KINDS
    )
    if not left:
        return []
    types = [str(each.get("instanceType", "")) for each in servers]
    roots = [each.get("rootBlockDevice") for each in servers]
    sizes = [each.get("size") for each in disks]
    gib = sum(_gib(size) for size in sizes)
    # Of a block that Pulumi only learns later, there is a text.
    gib += sum(
        _gib(root.get("volumeSize") if isinstance(root, Mapping) else None, IMAGE_GIB)
        for root in roots
    )
    prices = state.prices(*types)
    rest = prices.monthly("", volumes_gib=gib, addresses=len(addresses), hosted_zones=len(zones))
    parts = [(kind, prices.monthly(kind, addresses=0).instance) for kind in types]
    parts += [(name, price) for name, price in rest.items if name != "instance"]
    # That of a snapshot, for example, which Pulumi only learns later.
    parts += [("a volume of unknown size", None) for size in sizes if not _gib(size)]
    total = sum_of(price for _, price in parts)
    told = ", ".join(f"{name} {in_dollars(price)}" for name, price in parts)
    free = "; free in a rehearsal" if state.rehearsal is not None else ""
    said = f"Cost per month, always running: {in_dollars(total)} ({told})."
    return [
        *textwrap.wrap(said, WIDTH, break_on_hyphens=False),
        *textwrap.wrap(f"Prices: {prices.source}, before tax{free}.", WIDTH),
    ]


def _gib(size: object, default: int = 0) -> int:
    """Return a size in GiB; what Pulumi only learns later counts as the default."""
    return int(size) if isinstance(size, int | float) else default
