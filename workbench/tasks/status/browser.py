"""Find a page's address, and open it in the person's browser where there is one."""

import os
import sys
import webbrowser

from workbench.errors import ConfigError
from workbench.errors import WorkbenchError
from workbench.host import service_table
from workbench.remote.stack_state import StackState

LANDING = "landing"


def pages() -> dict[str, str]:
    """Return the pages that can be opened, and the stack's output that says where each is."""
    found = [each for each in service_table.every_service() if each.path]
    return {LANDING: "url"} | {each.word: each.url for each in found}


def page_url(state: StackState, page: str) -> str:
    """Return the address of a page; raises WorkbenchError where there is no such page."""
    if page not in pages():
        raise ConfigError(
            f"There is no page {page!r}; there are: {', '.join(pages())}.",
            f"workbench open --stack {state.stack}",
        )
    url = state.url(pages()[page])
    if not url and state.url("url"):
        raise WorkbenchError(
            f"The workbench of {state.stack} has no {page}: workbench:services doesn't name it.",
            f"workbench open --stack {state.stack}",
        )
    if not url:
        raise WorkbenchError(
            f"The stack {state.stack} has no workbench to open.",
            f"workbench up --stack {state.stack}",
        )
    return url


def open_in_browser(url: str) -> bool:
    """Open an address; return False on a computer that shows no windows."""
    if not has_display():
        return False
    return webbrowser.open(url)


def has_display() -> bool:
    """Return whether this computer can show a browser's window.

    Without one, ``webbrowser`` would start a browser for terminals in the middle of a script.
    """
    if sys.platform in ("darwin", "win32"):
        return True
    return any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER"))
