"""What no task may let Pulumi replace, delete or change: one table for all tasks.

People's homes are on the data volume, and their work runs on the instance; address and names are
how they find it.
"""

from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Mapping
from enum import Enum
from typing import TYPE_CHECKING
from typing import Any

from workbench.engine.state import Resource
from workbench.engine.state import short_type
from workbench.errors import WorkbenchError

if TYPE_CHECKING:
    from workbench.engine.changes import Changes


class Change(Enum):
    """What a task changes; its value ends the sentence "which is more than …"."""

    LISTS = "what you asked for"
    GROW = "growing the volume"
    CONVERGE = "a converge"
    RESIZE = "a resize"
    REPLACE = "replacing the server"
    REPLACE_END = "ending the server that doesn't serve"
    RESTORE = "a restore"
    UP = "bringing the workbench up to date"


# Pulumi's operations; "import" takes in what is there already.
_NONE = frozenset[str]()
_UPDATE = frozenset({"update"})
_KEEP = frozenset({"create", "import", "update"})
_ADD = frozenset({"create", "import"})
_SWAP = _KEEP | {"replace"}
_ALL = _SWAP | {"delete"}

# What a change may let Pulumi do to each kind of resource, by the last word of Pulumi's types; all
# else is refused. An update of an instance may stop it; a volume's is done while it is in use.
_KINDS = ("Instance", "Volume", "VolumeAttachment", "Eip", "EipAssociation", "Zone", "Record")
_TABLE = {
    #                  Instance, Volume, Attachment, Eip, EipAssociation, Zone, Record
    Change.LISTS: (_ADD, _KEEP, _KEEP, _KEEP, _KEEP, _KEEP, _KEEP),
    Change.GROW: (_ADD, _KEEP, _KEEP, _KEEP, _KEEP, _KEEP, _KEEP),
    Change.CONVERGE: (_NONE, _UPDATE, _NONE, _KEEP, _KEEP, _KEEP, _ALL),
    Change.RESIZE: (_KEEP, _KEEP, _KEEP, _KEEP, _KEEP, _KEEP, _ALL),
    Change.REPLACE: (_KEEP, _KEEP, _ALL, _KEEP, _ALL, _KEEP, _ALL),
    Change.REPLACE_END: (_KEEP, _KEEP, _ALL, _KEEP, _ALL, _KEEP, _ALL),
    Change.RESTORE: (_UPDATE, _SWAP, _ALL, _UPDATE, _KEEP, _KEEP, _ALL),
    Change.UP: (_ALL, _SWAP, _ALL, _ALL, _ALL, _ALL, _ALL),
}
GUARD = {change: dict(zip(_KINDS, row, strict=True)) for change, row in _TABLE.items()}
# Of a replacement, which counts once.
_PARTS = ("create-replacement", "delete-replaced", "discard", "read", "refresh", "same")
# What a volume that is replaced gets its data from.
_SOURCE = "snapshotId"
_VOLUME = "Volume"


def hold(changes: "Changes", change: Change, stack: str, *, ending: str = "") -> None:
    """Raise where Pulumi would do more than a change may let it do.

    ``ending`` is how the name of the one instance ends that REPLACE_END may delete.
    """
    refused = [
        f"{op} {resource}"
        for op, resource in changes.steps
        if op not in _PARTS
        and not _may(change, op, resource)
        and not (change is Change.REPLACE_END and _ends(op, resource, ending))
    ]
    if refused:
        raise WorkbenchError(
            f"Pulumi would {', '.join(refused)}, which is more than {change.value}; nothing was"
            " changed.",
            "\n  ".join(_ways_on(change, stack)),
        )
    if change is Change.UP:
        _refuse_blank(changes, stack)


def data_lines(changes: "Changes") -> list[str]:
    """Say what changes mean for people's homes; nothing where these stay as they are."""
    if any(op == "import-replacement" and _is_volume(each) for op, each in changes.steps):
        return [
            "PEOPLE'S HOMES CHANGE: another data volume replaces this one. Home folders,",
            "accounts and passwords will be those on it; the current volume is kept in AWS.",
        ]
    if any(op == "replace" and _is_volume(each) for op, each in changes.steps):
        return [
            "PEOPLE'S HOMES CHANGE: a new data volume, made from the snapshot, replaces",
            "this one. Home folders, accounts and passwords become what they were at that time;",
            "anything written since stays on the current volume, which is kept in AWS.",
        ]
    return []


def refuse_loss(changes: "Changes", export: Callable[[], Mapping[str, Any]], stack: str) -> None:
    """Raise where a volume that is replaced would be deleted.

    Pulumi uses the value of its last up, which the stack's ``export`` has. It is asked for
    only where a volume is replaced: the engine takes a second to write it.
    """
    swaps = ("replace", "import-replacement")
    swapped = {each.name for op, each in changes.steps if op in swaps and _is_volume(each)}
    resources = export().get("resources") if swapped else None
    for each in resources or []:
        is_swapped = short_type(each["type"]) == _VOLUME and each["urn"].split("::")[-1] in swapped
        if is_swapped and not each.get("retainOnDelete") and not each.get("external"):
            raise WorkbenchError(
                f"Another volume would take the place of {each.get('id')}, and that one would be"
                " deleted, with people's home folders, because the last up had"
                " workbench:keepDataVolume false. Nothing was changed.",
                f"pulumi config set workbench:keepDataVolume true --stack {stack}   and, with the"
                f" volume's settings as they were:\n  workbench up --stack {stack}",
            )


def _may(change: Change, op: str, resource: Resource) -> bool:
    kind = short_type(resource.type)
    done = "replace" if op == "import-replacement" else op
    return done in GUARD[change].get(kind, _ALL)


def _ends(op: str, resource: Resource, ending: str) -> bool:
    is_instance = short_type(resource.type) == "Instance"
    return bool(ending) and op == "delete" and is_instance and resource.name.endswith(ending)


def _is_volume(resource: Resource) -> bool:
    return short_type(resource.type) == _VOLUME


def _refuse_blank(changes: "Changes", stack: str) -> None:
    """Raise where a volume would be replaced by one that has nobody's data."""
    taken_in = {each.name for op, each in changes.steps if op == "import-replacement"}
    for op, each in changes.steps:
        is_swap = op == "replace" and _is_volume(each) and each.name not in taken_in
        if is_swap and _SOURCE not in each.changed:
            why = f" (for another {' and '.join(each.changed)})" if each.changed else ""
            raise WorkbenchError(
                f"Pulumi would replace {each}{why}: people would find a volume without their"
                " present homes in its place. Nothing was changed.",
                "\n  ".join(
                    [
                        f"workbench data.backup --stack {stack}   makes a snapshot; then",
                        f"workbench data.restore --stack {stack}   makes a volume from it",
                    ]
                ),
            )


def _ways_on(change: Change, stack: str) -> Iterator[str]:
    if change is Change.UP:
        yield "People's home folders are on the data volume. Another workbench:name, or a program"
        yield "without it, would remove it. If you want that, and there is a snapshot:"
        yield f"workbench destroy --stack {stack}   keeps it, and says how to use it again"
        return
    if change is Change.LISTS:
        yield "git pull   if someone else has changed the stack's configuration"
    yield f"pulumi preview --diff --stack {stack}   shows each"
    yield f"workbench up --stack {stack}   makes them; then the same again"
