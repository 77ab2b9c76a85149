"""Print a log of the server, and follow it as it grows."""

import sys

from workbench.errors import WorkbenchError
from workbench.remote.remote_command import CommandFailedError
from workbench.remote.remote_command import stream_lines
from workbench.remote.server_logs import Wish
from workbench.remote.server_logs import log_command
from workbench.remote.server_logs import show_line
from workbench.remote.stack_state import StackState

BAD_TIME = "Failed to parse timestamp"


def print_log(state: StackState, wish: Wish) -> None:
    """Print a log; with ``follow``, until Ctrl-C, which is no failure then."""
    command = log_command(wish, state.target().users, state.stack)
    try:
        _print_lines(state, command, wish)
    except CommandFailedError as error:
        if BAD_TIME in error.message:
            raise WorkbenchError(
                f"{wish.since!r} isn't a time that systemd understands.",
                f"workbench logs {wish.service} --since 10m --stack {state.stack}",
            ) from error
        raise WorkbenchError(
            f"The server doesn't show the log of {wish.service}: {show_line(error.message)}",
            error.hint,
        ) from error
    except KeyboardInterrupt:
        if not wish.follow:
            raise


def _print_lines(state: StackState, command: str, wish: Wish) -> None:
    is_empty = True
    for line in stream_lines(state.server, command):
        is_empty = False
        if line.startswith(BAD_TIME):
            raise CommandFailedError(line)
        sys.stdout.write(show_line(line) + "\n")
        sys.stdout.flush()
    if is_empty:
        sys.stderr.write(f"The log of {wish.service} has no lines{_since(wish)}.\n")


def _since(wish: Wish) -> str:
    return f" since {wish.since}" if wish.since else ""
