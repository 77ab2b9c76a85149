"""``workbench check`` and ``doctor``: what must be true, and what is wrong, layer by layer."""

from invoke.context import Context
from invoke.exceptions import Exit

from workbench.remote.selection import JSON_HELP
from workbench.remote.selection import STACK_HELP
from workbench.remote.selection import select_stack
from workbench.tasks.task import task_on_workbench


@task_on_workbench(help={"stack": STACK_HELP, "json": JSON_HELP})
def check(context: Context, stack: str | None = None, json: bool = False) -> None:
    """Check that the workbench does what it should.

    From outside and inside: signs in, runs code in kernels, tries closed ports,
    reads the certificate, and so on. Exits with 1 if a check fails.
    """
    from workbench.checks.table import CHECKS
    from workbench.tasks.changes.verify import run_on_stack
    from workbench.tasks.output import print_json

    name = select_stack(stack)
    reports = run_on_stack(name, CHECKS, quiet=json)
    if json:
        print_json([report.as_json() for report in reports])
    if any(report.result == "FAIL" for report in reports):
        raise Exit(None, 1)


@task_on_workbench(
    help={
        "stack": STACK_HELP,
        "json": JSON_HELP,
        "quick": "Skip slow checks: kernels, inner ports, rights, updates.",
    }
)
def doctor(
    context: Context, stack: str | None = None, json: bool = False, quick: bool = False
) -> None:
    """Find what is wrong, and say what to type to fix it.

    Layer by layer: tools, rehearsal or credentials, stack, instance, DNS, ports,
    TLS, SSH, disk, services, certificates, snapshots. Checks that depend on a
    failed one are skipped, so start with the first FAIL. Exits with 1 if
    something failed.
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
