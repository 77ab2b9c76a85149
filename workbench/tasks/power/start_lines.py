"""What a plan says where the change it shows would start a stopped server."""

from workbench.remote.power import PowerWatch
from workbench.remote.stack_state import StackState

STARTED = "The server is started for this, and keeps running."


def start_lines(state: StackState) -> list[str]:
    """Return the plan's line where the server is stopped; none where it runs."""
    watch = PowerWatch(state.aws("ec2"), str(state.outputs["instance_id"]), state.stack)
    return [STARTED] if watch.state in ("stopping", "stopped") else []
