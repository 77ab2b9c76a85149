"""``workbench doctor``: layer by layer from this computer to the services."""

from invoke.context import Context
from invoke.exceptions import Exit

from workbench.remote.selection import JSON_HELP
from workbench.remote.selection import STACK_HELP
from workbench.remote.selection import select_stack
from workbench.tasks.task import task_on_workbench


@task_on_workbench(
    help={
        "stack": STACK_HELP,
        "json": JSON_HELP,
        "quick": "Leave out what takes long: kernels, inner ports, rights, updates.",
    }
)
def doctor(
    context: Context, stack: str | None = None, json: bool = False, quick: bool = False
) -> None:
    """Find what is wrong, and say what to type to fix it.

    Layer by layer: tools, rehearsal or credentials, stack, instance, DNS,
    ports, TLS, SSH, disk, services, certificates, snapshots. What needs
    something that failed is skipped, so begin with the first FAIL. Exits with 1
    when something failed.
    """
    from workbench.tasks.doctor.examination import examine
    from workbench.tasks.doctor.layers import print_layers
    from workbench.tasks.output import make_progress
    from workbench.tasks.output import print_json

    reports = examine(select_stack(stack), make_progress(quiet=json), quick=quick)
    if json:
        print_json([report.as_json() | {"layer": report.layer} for report in reports])
    else:
        print_layers(reports)
    if any(report.result == "FAIL" for report in reports):
        raise Exit(None, 1)
