"""``workbench drift``: what was changed manually on the server, against its recipe."""

from invoke.context import Context
from invoke.exceptions import Exit

from workbench.remote.selection import JSON_HELP
from workbench.remote.selection import STACK_HELP
from workbench.remote.selection import select_stack
from workbench.tasks.task import task_on_workbench


@task_on_workbench(help={"stack": STACK_HELP, "json": JSON_HELP})
def drift(context: Context, stack: str | None = None, json: bool = False) -> None:
    """Say what was changed manually on the server.

    Compares the server with the recipe and the settings that it applied last,
    and changes nothing. Exits with 1 when there is a difference.
    """
    from workbench.remote.stack_state import read_stack
    from workbench.tasks.converge.drift_of import find_drift
    from workbench.tasks.converge.drift_of import print_drift
    from workbench.tasks.output import make_progress
    from workbench.tasks.output import print_json

    state = read_stack(select_stack(stack), make_progress(quiet=json))
    try:
        findings = find_drift(state, make_progress(quiet=json))
    finally:
        state.close()
    if json:
        print_json([finding.as_json() for finding in findings])
    else:
        print_drift(findings, state.stack)
    if findings:
        raise Exit(None, 1)
