"""Refuse a change that would reach further than to what was asked for."""

from typing import TYPE_CHECKING

from workbench.errors import WorkbenchError

if TYPE_CHECKING:
    from workbench.engine.changes import Changes

# By the ends of Pulumi's types: what an update may stop, and what is to stay the same one.
_SERVER = ":Instance"
_KEPT = (_SERVER, ":Volume", ":VolumeAttachment", ":Eip", ":EipAssociation")


def refuse_disruption(changes: "Changes", stack: str) -> None:
    """Raise where Pulumi would stop or replace the server, or take its volume or address."""
    touched = [
        f"{op} {resource}"
        for op, resource in changes.steps
        if (resource.type.endswith(_SERVER) and op == "update")
        or (resource.type.endswith(_KEPT) and op in ("replace", "delete"))
    ]
    if touched:
        raise WorkbenchError(
            "Nothing was changed: other changes wait, and Pulumi would make them, too:"
            f" {', '.join(touched)}.",
            f"pulumi preview --diff --stack {stack}   shows them; workbench up --stack {stack}"
            "   makes them; then the same again",
        )
