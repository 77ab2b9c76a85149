"""What ``workbench up`` would do."""

from workbench.progress import Progress
from workbench.rehearsal.names import rehearsal_of
from workbench.tasks.selection import find_project
from workbench.tasks.selection import running_rehearsal


def plan_up(stack: str, progress: Progress) -> list[str]:
    """Return the lines of the plan; nothing is started, made or configured for it."""
    from workbench.engine.stacks import StackMissingError
    from workbench.engine.stacks import open_stack

    rehearsal = rehearsal_of(stack)
    if rehearsal is not None and running_rehearsal(stack) is None:
        return [
            f"Start the cloud on this computer (rehearsal {rehearsal!r}), and make the workbench",
            f"of the stack {stack} in it, or bring it up to date.",
        ]
    try:
        opened = open_stack(stack, find_project(), progress)
    except StackMissingError:
        if rehearsal is None:
            raise
        return [f"Make the workbench of the stack {stack} in the rehearsal {rehearsal!r}."]
    changes = opened.preview()
    return [
        f"Pulumi would {changes.named()}." if changes.total else "Pulumi would change nothing.",
        "The server's recipe would run; what that changes:",
        f"  workbench converge --dry-run --stack {stack}",
    ]
