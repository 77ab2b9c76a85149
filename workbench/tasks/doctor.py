"""``workbench doctor``: layer by layer from this computer to the services."""

from typing import TYPE_CHECKING

from invoke.context import Context
from invoke.exceptions import Exit

from workbench.tasks.selection import JSON_HELP
from workbench.tasks.selection import STACK_HELP
from workbench.tasks.selection import select_stack
from workbench.tasks.task import task

if TYPE_CHECKING:
    from collections.abc import Iterable

    from workbench.checks.check import Check


@task(help={"stack": STACK_HELP, "json": JSON_HELP})
def doctor(context: Context, stack: str | None = None, json: bool = False) -> None:
    """Find what is wrong, and say what to type to mend it.

    Layer by layer: tools, rehearsal or credentials, stack, instance, DNS,
    ports, TLS, SSH, disk, services. What needs something that failed is
    skipped, so begin with the first FAIL.
    """
    from workbench.checks.table import CHECKS
    from workbench.tasks.checking import run_on_stack
    from workbench.tasks.computer_checks import computer_checks
    from workbench.tasks.show import print_json

    name = select_stack(stack)
    before = computer_checks(name)
    reports = run_on_stack(name, [*before, *_behind(CHECKS, before[-1].name)], quiet=json)
    if json:
        print_json([report.as_json() | {"layer": report.layer} for report in reports])
    if any(report.result == "FAIL" for report in reports):
        raise Exit(None, 1)


def _behind(checks: "Iterable[Check]", last: str) -> "list[Check]":
    """Make the outcome checks that need nothing need the computer's last one."""
    from dataclasses import replace

    return [check if check.requires else replace(check, requires=(last,)) for check in checks]
