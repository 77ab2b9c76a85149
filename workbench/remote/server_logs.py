"""Which logs a server has, and the command on it that shows one."""

import re
import shlex
from collections.abc import Iterable
from collections.abc import Sequence
from dataclasses import dataclass

from workbench.errors import ConfigError
from workbench.errors import WorkbenchError
from workbench.host import service_table
from workbench.remote.recipe_run import LOG
from workbench.remote.recipe_run import PROGRESS
from workbench.terminal import TAB
from workbench.terminal import escape

CONVERGE = "converge"
# What a log is about that is no service's, and the systemd units that write it.
_OTHERS = {
    CONVERGE: ("the recipe's runs, with what its programs printed", ["workbench-converge.service"]),
    "data": (
        "the data volume's mount, and kept accounts",
        ["workbench-data", "workbench-accounts"],
    ),
    "packages": ("packages for everyone, which are installed last", ["workbench-packages"]),
    "updates": ("security updates", ["apt-daily-upgrade", "unattended-upgrades"]),
}
_AGO = re.compile(r"(\d+)\s*(s|sec|m|min|h|hours?|d|days?|w|weeks?)")


@dataclass(frozen=True)
class Wish:
    """What to show of a log."""

    service: str
    lines: int = 50
    since: str | None = None
    follow: bool = False
    json: bool = False


def logs() -> dict[str, tuple[str, list[str]]]:
    """Return what each log is about, and the units that write it."""
    services = service_table.every_service()
    return {each.name: (each.about, [each.unit, *each.log_units]) for each in services} | _OTHERS


def other_names() -> dict[str, str]:
    """Return what logs may be called, too: as systemd or the path in a browser has it."""
    services = service_table.every_service()
    names = {name: each.name for each in services for name in each.names}
    return names | {"workbench-converge": CONVERGE}


def read_lines(text: str) -> int:
    """Return a number of lines."""
    if not text.isdecimal() or int(text) < 1:
        raise ConfigError(
            f"--lines is {text!r}, but must be a whole number, 1 or more.", "workbench logs --help"
        )
    return int(text)


def log_rows(users: Iterable[str]) -> list[tuple[str, str]]:
    """Return the names of the logs, and what each one is about."""
    people = [(user, f"{user}'s own Jupyter server") for user in users]
    return [*((name, about) for name, (about, _) in logs().items()), *people]


def log_command(wish: Wish, users: Sequence[str], stack: str) -> str:
    """Return the command on the server that shows the log; ends when its input ends.

    ``stack`` is for the sentences.
    """
    name = other_names().get(wish.service.removesuffix(".service"), wish.service)
    if name == CONVERGE and not wish.since:
        command = _tail(wish)
    elif name in logs():
        command = _journal(wish, logs()[name][1])
    elif name in users:
        command = _journal(wish, [f"jupyter-{name}-singleuser.service"])
    else:
        names = ", ".join(name for name, _ in log_rows(users))
        raise WorkbenchError(
            f"The server has no log called {wish.service!r}. It has: {names}.",
            f"workbench logs --stack {stack}   says what each one is about",
        )
    return f"sudo -n /bin/sh -c {shlex.quote(_until_input_ends(command, wish.follow))}"


def show_line(line: str) -> str:
    """Return a log's line as a terminal may show it."""
    return escape(line.rstrip("\r"), keep=TAB)


def _until_input_ends(command: str, follow: bool) -> str:
    # Nothing else tells a program that waits for lines that nobody reads them any more. It keeps
    # waiting where the program failed, so what that says is told among the lines.
    return f"{command} 2>&1 & cat > /dev/null; kill $!" if follow else command


def _tail(wish: Wish) -> str:
    path = PROGRESS if wish.json else LOG
    return f"exec tail -n {wish.lines} {'-F ' if wish.follow else ''}{path}".removeprefix(
        "exec " if wish.follow else ""
    )


def _journal(wish: Wish, units: Sequence[str]) -> str:
    options = [
        "--no-pager",
        "--quiet",
        f"--lines={wish.lines}",
        f"--output={'json' if wish.json else 'short-iso'}",
        *(f"--unit={unit}" for unit in units),
    ]
    if wish.json:
        options.append("--output-fields=MESSAGE,PRIORITY,_PID,_SYSTEMD_UNIT")
    if wish.since:
        options.append(f"--since={since(wish.since)}")
    if wish.follow:
        options.append("--follow")
    return shlex.join(["journalctl", *options])


def since(text: str) -> str:
    """Return a time in systemd's form; "10m" is ten minutes ago."""
    ago = _AGO.fullmatch(text.strip())
    if not ago:
        return text
    number, unit = ago.groups()
    return f"-{number}{'min' if unit == 'm' else unit}"
