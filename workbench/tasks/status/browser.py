"""Find a page's address, and open it in the person's browser where there is one."""

import os
import sys
import webbrowser

from workbench.errors import ConfigError
from workbench.errors import WorkbenchError
from workbench.remote.stack_state import StackState

PAGES = {"landing": "url", "jupyter": "jupyter_url", "rstudio": "rstudio_url"}


def page_url(state: StackState, page: str) -> str:
    """Return the address of a page; raises WorkbenchError where there is no such page."""
    if page not in PAGES:
        raise ConfigError(
            f"There is no page {page!r}: it can be {', '.join(PAGES)}.",
            f"workbench open jupyter --stack {state.stack}",
        )
    url = state.url(PAGES[page])
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
