"""Refuse to open or close more ports than was asked for, or to delete anything by the way."""

from typing import TYPE_CHECKING

from workbench.errors import WorkbenchError

if TYPE_CHECKING:
    from workbench.engine.changes import Changes

_OPENING = ":SecurityGroupIngressRule"


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
