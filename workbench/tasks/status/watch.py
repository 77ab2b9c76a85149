"""Show a workbench's status once, or again and again: redrawn on a terminal, plain elsewhere."""

import json
import time
from typing import Any

from rich.console import Console
from rich.live import Live
from rich.text import Text

from workbench.plain_console import PlainConsole
from workbench.remote.stack_state import StackState
from workbench.remote.stack_state import read_stack
from workbench.tasks.output import make_console
from workbench.tasks.output import make_progress
from workbench.tasks.output import print_json
from workbench.tasks.status.read import RUNNING
from workbench.tasks.status.read import print_status
from workbench.tasks.status.read import read_status

# Seconds between two looks.
INTERVAL = 2.0


class StatusReader:
    """Read a stack's status again and again, over one SSH connection while all is well."""

    def __init__(self, stack: str, *, quiet: bool) -> None:
        self._stack, self._progress = stack, make_progress(quiet=quiet)
        self._state: StackState | None = None

    def read(self) -> dict[str, Any]:
        """Return the status as it is now."""
        if self._state is None:
            self._state = read_stack(self._stack, self._progress)
        found = read_status(self._state)
        if found["state"] != RUNNING or found["problem"]:
            # The next look starts again: stack and connection may be others then.
            self.close()
        return found

    def close(self) -> None:
        """Close the connection, if there is one."""
        if self._state is not None:
            self._state.close()
        self._state = None


def show_once(found: dict[str, Any], *, as_json: bool) -> None:
    """Print a status."""
    if as_json:
        print_json(found)
    else:
        print_status(found, make_console())


def watch_status(reader: StatusReader, *, as_json: bool) -> None:
    """Show the status as it changes, until the person ends it.

    Where there is no terminal, and as JSON (a line each), only what differs is printed.
    """
    console = make_console()
    if console.is_terminal and not as_json:
        _redraw(reader, console)
    shown: dict[str, Any] | None = None
    while True:
        found = reader.read()
        if found != shown:
            shown = found
            _print_change(found, console, as_json=as_json)
        time.sleep(INTERVAL)


def _redraw(reader: StatusReader, console: Console) -> None:
    with Live(console=console, auto_refresh=False) as live:
        while True:
            live.update(render(reader.read(), console.width), refresh=True)
            time.sleep(INTERVAL)


def render(found: dict[str, Any], width: int) -> Text:
    """Return a status as it is drawn, with the time it is of."""
    console = PlainConsole(width=width, force_terminal=True)
    with console.capture() as drawn:
        print_status(found, console)
        console.print(f"\n  {time.strftime('%H:%M:%S')}   Ctrl-C ends", style="dim")
    return Text.from_ansi(drawn.get())


def _print_change(found: dict[str, Any], console: Console, *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(found), flush=True)
        return
    console.print(f"{time.strftime('%H:%M:%S')}", highlight=False)
    print_status(found, console)
    console.print()
    console.file.flush()
