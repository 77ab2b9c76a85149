"""Refuse a change that would reach further than to what was asked for."""

from typing import TYPE_CHECKING

from workbench.errors import WorkbenchError

if TYPE_CHECKING:
    from workbench.engine.changes import Changes

# By the ends of Pulumi's types: what an update may stop, and what is to stay the same one.
_SERVER = ":Instance"
_DNS = (":Zone", ":Record")
_KEPT = (_SERVER, ":Volume", ":VolumeAttachment", ":Eip", ":EipAssociation", *_DNS)
_OPENING = ":SecurityGroupIngressRule"


def refuse_disruption(changes: "Changes", stack: str) -> None:
    """Raise where Pulumi would stop or replace the server, or take its volume, address or name."""
    _refuse(
        [
            f"{op} {resource}"
            for op, resource in changes.steps
            if (resource.type.endswith(_SERVER) and op == "update")
            or (resource.type.endswith(_KEPT) and op in ("replace", "delete"))
        ],
        stack,
    )


def refuse_more(changes: "Changes", stack: str, *, opening: int, closing: int) -> None:
    """Raise where Pulumi would open or close more ports than so many, or delete anything else."""
    steps = [(op, resource, resource.type.endswith(_OPENING)) for op, resource in changes.steps]
    opened = [f"create {resource}" for op, resource, opens in steps if opens and op == "create"]
    closed = [f"delete {resource}" for op, resource, opens in steps if opens and op == "delete"]
    gone = [f"delete {resource}" for op, resource, opens in steps if not opens and op == "delete"]
    if gone or len(opened) > opening or len(closed) > closing:
        _refuse([*opened, *closed, *gone], stack)


def _refuse(touched: list[str], stack: str) -> None:
    if touched:
        raise WorkbenchError(
            "Nothing was changed: other changes wait, and Pulumi would make them, too:"
            f" {', '.join(touched)}.",
            f"git pull   where someone else has changed the stack's configuration\n"
            f"  pulumi preview --diff --stack {stack}   shows them; workbench up --stack {stack}"
            "   makes them; then the same again",
        )
