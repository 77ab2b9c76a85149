"""What ``workbench up`` ends with: where to go, as whom, and what to type next."""

from rich.console import Console

from workbench.checks.check import Result
from workbench.remote.selection import select_stack
from workbench.tasks.command_name import as_typed
from workbench.tasks.output import make_console
from workbench.tasks.output import print_facts
from workbench.tasks.up.bring_up import Outcome
from workbench.tasks.up.delegation import missing_delegation

# What of a check is told here, although it is no failure: the domain doesn't point to it before its
# certificate is issued, browsers warn, or this computer can't ask for the pages.
TO_KNOW = {
    "dns": ("Domain", Result.WARN),
    "certificate": ("Certificate", Result.WARN),
    "web-ports": ("Pages", Result.SKIP),
}


def print_where_to_go(outcome: Outcome, console: Console | None = None) -> None:
    """Print where the workbench is and what to type next."""
    console, state = console or make_console(), outcome.state
    which = f" {state.workbench}" if state.others else ""
    ready = "is up" if outcome.failed else "is ready"
    console.print(f"\nThe workbench{which} {ready}: {_changes(outcome)}.\n")
    authority = state.ca_certificate
    print_facts(
        [
            ("URL", state.url("url")),
            *((each.title, state.url(each.url)) for each in state.services),
            *_people(outcome.passwords),
            *_to_enter(outcome),
            *_to_know(outcome),
            ("CA certificate", str(authority) if authority else None),
            ("", "trust it in the browser, and the warning disappears" if authority else None),
        ],
        console,
    )
    # Only where a command without it would be about another stack.
    option = "" if state.stack == select_stack(None) else f" --stack {state.stack}"
    which = f"{option}{state.option}"
    console.print("\nNext:")
    commands = [
        (f"workbench status{which}", "what is running, and where"),
        (f"workbench check{which}", "every check again"),
        (f'eval "$(workbench env{option})"', "then pulumi preview, pulumi up, …"),
        (f"workbench destroy{option}", "remove it; shows first what is kept"),
    ]
    print_facts([(as_typed(command), what) for command, what in commands], console)


def _people(passwords: dict[str, str]) -> list[tuple[str, str]]:
    """Return who may sign in, and where each one's password is."""
    return [
        row for user, where in passwords.items() for row in (("User", user), ("Password", where))
    ]


def _to_enter(outcome: Outcome) -> list[tuple[str, str]]:
    """Return what you still have to enter for the domain, and where."""
    return [
        row
        for name, values, where in missing_delegation(outcome.state, outcome.failed)
        for row in ((name, "\n".join(values)), ("", where))
    ]


def _to_know(outcome: Outcome) -> list[tuple[str, str]]:
    """Return what isn't as it should be although nothing failed, why, and what helps."""
    return [
        row
        for report in outcome.reports
        if (known := TO_KNOW.get(report.name)) and not report.blocked
        if report.result is known[1]
        for row in ((known[0], report.evidence), ("", as_typed(report.fix)))
    ]


def _changes(outcome: Outcome) -> str:
    run = outcome.run
    steps = "1 step" if run.changed == 1 else f"{run.changed} steps"
    server = f"{steps} changed" if run.changed else "nothing to change"
    return f"stack: {outcome.changes}; server: {server}"
