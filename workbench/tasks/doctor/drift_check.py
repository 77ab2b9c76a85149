"""Doctor's look for what was changed manually on the server."""

from workbench.checks.check import Check
from workbench.checks.check import Outcome
from workbench.checks.check import failed
from workbench.checks.check import passed
from workbench.checks.check import warned
from workbench.checks.target import Target
from workbench.tasks.doctor.known_stack import KnownStack

# More than these are only counted.
MOST_NAMED = 3


def drift_check(known: KnownStack) -> Check:
    """Return the check that the server is what its recipe made it."""

    def check_drift(target: Target) -> Outcome:
        """Compare the server with the recipe and settings that it applied last."""
        from workbench.tasks.converge.server_plan import plan_applied

        plan = plan_applied(known.state.server)
        if plan is None:
            return failed("the server never converged")
        if plan.is_busy:
            return warned("a converge is under way", "workbench logs converge --stack {stack}")
        found = list(dict.fromkeys(said for each in plan.drift for said in each.state))
        if not found:
            return passed("files, packages, units and accounts are as the recipe left them")
        more = f" (and {len(found) - MOST_NAMED} more)" if len(found) > MOST_NAMED else ""
        return failed("; ".join(found[:MOST_NAMED]) + more)

    fix = "workbench converge --stack {stack}"
    return Check("drift", check_drift, ("converged",), fix, "services")
