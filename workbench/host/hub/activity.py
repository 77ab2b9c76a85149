"""Jupyter's extension that makes unattended work count as activity, so that nobody ends it.

Jupyter by itself notes when a kernel begins a computation and when it ends one, and when someone
looks. What a server says of its last activity reaches the hub about once a minute, if nothing
comes between; in a file of the server's, the idle culler can always see it.
"""

import os
from contextlib import suppress
from datetime import UTC
from datetime import datetime
from pathlib import Path
from typing import Any

import psutil
from tornado.ioloop import PeriodicCallback

from .signs import put_sign

# Seconds between two looks; a look takes less than a millisecond.
INTERVAL = 10
# Jupyter takes the latest of all settings that end so.
SETTING = "workbench_last_activity"


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    """Say where the extension is."""
    return [{"module": __name__}]


def _load_jupyter_server_extension(app: Any) -> None:
    """Look now and then whether something runs."""
    folder = Path(os.environ.get("JUPYTER_RUNTIME_DIR", app.runtime_dir))

    def look() -> None:
        if has_busy_kernel(app) or has_busy_terminal(app):
            app.web_app.settings[SETTING] = datetime.now(UTC)
        # No room for it, or no folder: it is as if nobody had looked.
        with suppress(OSError):
            put_sign(folder, app.web_app.last_activity().timestamp())

    look()
    PeriodicCallback(look, INTERVAL * 1000).start()


def has_busy_kernel(app: Any) -> bool:
    """Return whether a kernel computes, with or without a browser that waits for it."""
    kernels = app.kernel_manager.list_kernels()
    return any(kernel["execution_state"] == "busy" for kernel in kernels)


def has_busy_terminal(app: Any) -> bool:
    """Return whether a terminal's shell has a program running, in front or in the background."""
    manager = app.web_app.settings.get("terminal_manager")
    terminals = manager.terminals.values() if manager else ()
    return any(_has_children(terminal.ptyproc.pid) for terminal in terminals)


def _has_children(pid: int) -> bool:
    try:
        return bool(psutil.Process(pid).children())
    except psutil.Error:
        return False
