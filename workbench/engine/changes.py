"""What an operation did to a stack, in numbers and in words."""

from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field

from workbench.engine.state import Resource
from workbench.engine.state import short_type

# In the order they are told.
_WORDS = {
    "create": "created",
    "import": "imported",
    "update": "updated",
    "replace": "replaced",
    "delete": "deleted",
    "same": "unchanged",
}
# Parts of a replacement, which is counted once.
_PARTS = (
    "create-replacement",
    "import-replacement",
    "delete-replaced",
    "discard",
    "read",
    "refresh",
)
# More changes than this are only counted, but for those of what a workbench can't be without.
MOST_NAMED = 8
_WEIGHTY = ("Instance", "Volume", "VolumeAttachment", "Eip", "Zone")
# What of an instance is changed while it runs; EC2 or the provider stops it for all else.
_WHILE_RUNNING = {
    "disableApiTermination",
    "iamInstanceProfile",
    "metadataOptions",
    "rootBlockDevice",
    "tags",
    "tagsAll",
    "vpcSecurityGroupIds",
}


@dataclass(frozen=True)
class Changes:
    """How many resources an operation created, updated, … (by Pulumi's own words)."""

    counts: Mapping[str, int] = field(default_factory=dict)
    steps: tuple[tuple[str, Resource], ...] = ()

    @property
    def total(self) -> int:
        """How many resources changed, or would."""
        return sum(count for op, count in self.counts.items() if op != "same" and op not in _PARTS)

    def __str__(self) -> str:
        told = [f"{self.counts[op]} {word}" for op, word in _WORDS.items() if self.counts.get(op)]
        return ", ".join(told) if self.total else f"no changes ({', '.join(told) or 'empty'})"

    def stops_server(self, instance_id: str = "") -> bool:
        """Whether an instance stops, or ends, for the changes; any, or that with the ID."""
        return any(_stops_server(op, resource, instance_id) for op, resource in self.steps)

    def retypes_server(self, instance_id: str) -> bool:
        """Whether the instance with the ID gets another type, or is replaced for one."""
        return any(
            short_type(resource.type) == "Instance"
            and "instanceType" in resource.changed
            and resource.id in ("", instance_id)
            for op, resource in self.steps
            if op in ("update", "replace")
        )

    def named(self) -> str:
        """Return what changes, by name: ``update Instance lab-server``; what weighs most first."""
        steps = [step for step in self.steps if step[0] not in _PARTS]
        weighty = [step for step in steps if _is_weighty(*step)]
        told = weighty + [step for step in steps if not _is_weighty(*step)]
        shown = told[: max(MOST_NAMED, len(weighty))]
        more = len(told) - len(shown)
        named = ", ".join(f"{op} {resource}" for op, resource in shown)
        return named + (f" and {more} more" if more > 0 else "")


def _is_weighty(op: str, resource: Resource) -> bool:
    return op != "create" and short_type(resource.type) in _WEIGHTY


def _stops_server(op: str, resource: Resource, instance_id: str) -> bool:
    kind = short_type(resource.type)
    if kind == "VolumeAttachment":
        # The provider stops the instance before it takes the data volume away.
        attached = resource.before.get("instanceId", instance_id)
        return op in ("replace", "delete") and instance_id in ("", attached)
    # A second server, left over by a replacement, may go while the first one serves.
    if kind != "Instance" or (instance_id and resource.id and resource.id != instance_id):
        return False
    return op in ("replace", "delete") or (op == "update" and not _while_running(resource))


def _while_running(resource: Resource) -> bool:
    # Where it isn't told what changes, it may be anything.
    return bool(resource.changed) and set(resource.changed) <= _WHILE_RUNNING
