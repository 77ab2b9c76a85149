"""What to say of an instance that isn't there any more, or isn't to be seen from here."""

from workbench.checks.instance import explain_gone
from workbench.checks.instance import read_instance
from workbench.errors import WorkbenchError
from workbench.remote.stack_state import StackState


def gone_error(state: StackState) -> WorkbenchError:
    """Return why the stack has no server, and what to type."""
    ident, target = str(state.outputs["instance_id"]), state.target()
    instance = read_instance(target)
    if instance is not None:
        return WorkbenchError(
            f"The instance {ident} is {instance['State']['Name']}.",
            f"workbench up --stack {state.stack}",
        )
    found = explain_gone(target, ident)
    return WorkbenchError(f"{found.evidence}.", found.fix.format(stack=state.stack))
