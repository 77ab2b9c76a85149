"""Change what a stack's configuration lists: nothing else with it, and nothing of anyone else's."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from workbench.errors import WorkbenchError
from workbench.progress import Progress
from workbench.remote.stack_state import StackState
from workbench.remote.stack_state import read_stack
from workbench.tasks.changes.apply import change_configuration
from workbench.tasks.changes.guard import Change

if TYPE_CHECKING:
    from workbench.engine.changes import Changes
    from workbench.engine.stack_config import Value

_OPENING = ":SecurityGroupIngressRule"


def change_lists(
    state: StackState,
    values: "Mapping[str, Value]",
    command: str,
    progress: Progress,
    *,
    opening: int = 0,
    closing: int = 0,
) -> "Changes":
    """Set lists that were made from those in ``state``, and let Pulumi apply them.

    Without ``values`` the configuration is applied as it is: an earlier change was interrupted.
    Raises WorkbenchError, with nothing changed, where Pulumi would stop or replace the server;
    where it would make more than ``opening`` rules that open a port, delete more than ``closing``,
    or delete anything else, as with a file that lacks what a colleague changed; and where the
    configuration isn't as in ``state`` any more: the question may have waited for an hour, and
    these lists would undo what another command did.
    """

    def check(changes: "Changes") -> None:
        _refuse_more(changes, state.stack, opening=opening, closing=closing)
        # Just before it is written: the preview, too, takes its time.
        if read_stack(state.stack, progress).config != state.config:
            raise WorkbenchError(
                f"The configuration of {state.stack} changed in the meantime; nothing was done.",
                command,
            )

    return change_configuration(state, values, progress, Change.LISTS, check=check)


def _refuse_more(changes: "Changes", stack: str, *, opening: int, closing: int) -> None:
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
            f"git pull   if someone else has changed the stack's configuration\n"
            f"  pulumi preview --diff --stack {stack}   shows them; workbench up --stack {stack}"
            "   makes them; then the same again",
        )
