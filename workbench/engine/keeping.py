"""Keep a copy of a stack after each operation that changed it."""

from typing import TYPE_CHECKING

from workbench.engine.copies import make_copy
from workbench.engine.copies import write_copy
from workbench.engine.copies_in_aws import put_copy
from workbench.engine.state import parse_state
from workbench.engine.state import read_deployment_file
from workbench.engine.workbenches import find_workbenches
from workbench.errors import WorkbenchError
from workbench.progress import Progress

if TYPE_CHECKING:
    from workbench.engine.stacks import Stack


def keep_copy(stack: "Stack", progress: Progress, *, everywhere: bool) -> None:
    """Keep a copy on this computer; ``everywhere`` in each workbench's bucket, too.

    No operation fails for want of it.
    """
    from botocore.exceptions import BotoCoreError
    from botocore.exceptions import ClientError

    try:
        deployment = read_deployment_file(stack.name) or stack.export()
        copy = make_copy(stack.name, stack.project_dir, deployment, stack.config_path)
        write_copy(stack.name, stack.project_dir, copy)
        if not everywhere:
            return
        for outputs in find_workbenches(parse_state(deployment).outputs, stack.name).values():
            if isinstance(bucket := outputs.get("bucket"), str):
                put_copy(stack.get_config(), bucket, copy)
    except (WorkbenchError, OSError, BotoCoreError, ClientError) as error:
        progress.say(f"No copy of the stack's state could be kept: {error}")
