"""``workbench status`` and ``open``: what there is, where it answers, and what runs on it."""

from invoke.context import Context

from workbench.remote.selection import JSON_HELP
from workbench.remote.selection import STACK_HELP
from workbench.remote.selection import select_stack
from workbench.tasks.task import task_on_workbench


@task_on_workbench(
    help={
        "stack": STACK_HELP,
        "watch": "Show it again as it changes, until Ctrl-C.",
        "json": JSON_HELP,
    }
)
def status(
    context: Context, stack: str | None = None, watch: bool = False, json: bool = False
) -> None:
    """Show the workbench's state, addresses and services."""
    from workbench.tasks.status.watch import StatusReader
    from workbench.tasks.status.watch import show_once
    from workbench.tasks.status.watch import watch_status

    reader = StatusReader(select_stack(stack), quiet=json)
    try:
        if watch:
            watch_status(reader, as_json=json)
        else:
            show_once(reader.read(), as_json=json)
    except KeyboardInterrupt:
        # How a watch ends; nothing was being changed.
        if not watch:
            raise
    finally:
        reader.close()


@task_on_workbench(
    name="open",
    positional=["page"],
    help={"page": "landing (default), or the word in a service's address.", "stack": STACK_HELP},
)
def open_page(context: Context, page: str, stack: str | None = None) -> None:
    """Open the workbench in the browser, and print the address.

    PAGE is landing (the default), or the word in a service's address, such as
    jupyter. On a computer without a display, only prints the address.
    """
    from workbench.remote.stack_state import read_stack
    from workbench.tasks.output import make_progress
    from workbench.tasks.status.browser import open_in_browser
    from workbench.tasks.status.browser import page_url

    url = page_url(read_stack(select_stack(stack), make_progress(quiet=True)), page)
    print(url)
    open_in_browser(url)
