"""``workbench logs``: what the services of the server wrote."""

from invoke.context import Context

from workbench.remote.selection import STACK_HELP
from workbench.remote.selection import select_stack
from workbench.tasks.task import task_on_workbench

LINES = "50"


@task_on_workbench(
    positional=["service"],
    help={
        "service": "A service, converge, packages, data, updates, or a user's name.",
        "follow": "Show new lines as they arrive, until Ctrl-C.",
        "lines": f"How many lines, from the end (default {LINES}).",
        "since": "From this time on: 10m, 2h, 1d, today, '2026-01-31 12:00'.",
        "json": "Print a JSON object for each line, for scripts.",
        "stack": STACK_HELP,
    },
)
def logs(
    context: Context,
    service: str,
    follow: bool = False,
    lines: str = LINES,
    since: str | None = None,
    json: bool = False,
    stack: str | None = None,
) -> None:
    """Show the log of a service on the server.

    SERVICE is a service's name, or converge, packages, data or updates; or a
    user's name, for that person's own Jupyter server. Without it, lists all logs.
    """
    from workbench.remote.server_logs import Wish
    from workbench.remote.server_logs import log_rows
    from workbench.remote.server_logs import read_lines
    from workbench.remote.stack_state import read_stack
    from workbench.tasks.logs.follow_log import print_log
    from workbench.tasks.output import make_console
    from workbench.tasks.output import make_progress
    from workbench.tasks.output import print_json
    from workbench.tasks.output import print_rows

    wish = Wish(service, read_lines(lines), since, follow, json)
    state = read_stack(select_stack(stack), make_progress(quiet=True))
    try:
        if service:
            print_log(state, wish)
        elif json:
            print_json(
                [{"name": name, "about": about} for name, about in log_rows(state.target().users)]
            )
        else:
            print_rows(("log", "about"), log_rows(state.target().users), make_console())
    finally:
        state.close()
