"""Find what was changed manually on a server, and say it."""

from collections.abc import Sequence

from workbench.checks.rights import RightsUnknownError
from workbench.checks.rights import read_ways
from workbench.errors import WorkbenchError
from workbench.progress import Progress
from workbench.remote.recipe_run import Run
from workbench.remote.stack_state import StackState
from workbench.tasks.command_name import as_typed
from workbench.tasks.converge.server_plan import SETTINGS
from workbench.tasks.converge.server_plan import Finding
from workbench.tasks.converge.server_plan import Plan
from workbench.tasks.converge.server_plan import plan_applied
from workbench.tasks.converge.show_plan import state_lines
from workbench.terminal import escape_name

# Not a step of the recipe: what the server gives alongside it.
RIGHTS = "Rights"
MANUAL = "Packages installed manually"
LONGEST_COMMAND = 1000


def find_drift(state: StackState, progress: Progress) -> Sequence[Finding]:
    """Return what on the server is not as the recipe left it there."""
    with progress.phase("Compare the server with its recipe"):
        plan = plan_applied(state.server)
    if plan is None or (plan.last is None and not plan.is_busy):
        raise WorkbenchError(
            "The server has never converged.", f"workbench up --stack {state.stack}"
        )
    if plan.is_busy:
        raise WorkbenchError(
            "A converge is already running on the server.",
            f"workbench drift --stack {state.stack}   again, after it has finished",
        )
    rights = _rights(state, progress)
    return [*_own_files(plan.last, plan), *plan.drift, *_manual(plan), *rights]


def _manual(plan: Plan) -> list[Finding]:
    """Return the packages that only this server has, and only until it is made again."""
    return [
        Finding(
            MANUAL,
            f"{each['kind']} {each['name']}",
            (f"{each['kind']} package {each['name']} is in {each['folder']}",),
            (f"list {each['name']} in workbench:packages to keep it, also on a new server",),
            (),
        )
        for each in plan.manual
    ]


def _rights(state: StackState, progress: Progress) -> list[Finding]:
    """Return the rights that people have beyond the configuration, which no recipe takes away."""
    try:
        with progress.phase("Who can do more than the configuration says"):
            ways, _ = read_ways(state.server, state.stack)
    except RightsUnknownError:
        # A recipe from before there was such a question; the check says so.
        return []
    return [
        Finding(RIGHTS, way.kind, (way.what,), (way.command(state.stack),), ())
        for way in ways
        if way.sure
    ]


def _own_files(last: Run | None, plan: Plan) -> list[Finding]:
    """Return the finding that the settings on the server are not those it applied."""
    if last is None or not last.settings or plan.settings == last.settings:
        return []
    said = f"{SETTINGS} is not the file that the stack put there"
    return [Finding("Settings", "Fetch the settings", (said,), (f"fetch {SETTINGS} again",), ())]


def print_drift(findings: Sequence[Finding], stack: str) -> None:
    """Print what was changed manually, and what puts it right."""
    if not findings:
        print("No drift: the server is as its recipe left it.")
        return
    number = "1 thing is" if len(findings) == 1 else f"{len(findings)} things are"
    print(f"{number} not as the recipe left it:")
    for line in state_lines(findings):
        print(line)
    print("\nNext:")
    for finding in findings:
        if finding.step in (RIGHTS, MANUAL):
            print(as_typed(f"  {escape_name(finding.actions[0], LONGEST_COMMAND)}"))
    if any(finding.step not in (RIGHTS, MANUAL) for finding in findings):
        print(as_typed(f"  workbench converge --stack {stack}   corrects it, after showing a plan"))
