"""What is known of a stack that is to be there: a mistyped name is no empty workbench."""

from workbench.progress import Progress
from workbench.remote.stack_state import StackState
from workbench.remote.stack_state import read_stack


def read_existing(stack: str, progress: Progress) -> StackState:
    """Return what is known of a stack; raise StackMissingError where there is no such stack."""
    from workbench.engine.failures import StackMissingError

    state = read_stack(stack, progress)
    if not state.exists:
        raise StackMissingError.named(stack)
    return state
