"""Which logs a server has, and the command on it that shows one."""

import re
import shlex
from collections.abc import Iterable
from collections.abc import Sequence
from dataclasses import dataclass

from workbench.errors import ConfigError
from workbench.errors import WorkbenchError
from workbench.remote.recipe_run import LOG
from workbench.remote.recipe_run import PROGRESS
from workbench.terminal import TAB
from workbench.terminal import escape

CONVERGE = "converge"
# What a service's log is about, and the systemd units that write it.
SERVICES = {
    "jupyterhub": ("the hub: sign-ins, servers that start and stop", ["jupyterhub.service"]),
    "rstudio": ("RStudio Server", ["rstudio-server.service"]),
    "caddy": ("HTTPS, certificates, the proxy", ["caddy.service"]),
    "ssh": ("who signed in over SSH, and who was refused", ["ssh.service", "sshd.service"]),
    CONVERGE: ("the recipe's runs, with what its programs printed", ["workbench-converge.service"]),
    "data": (
        "the data volume's mount, and kept accounts",
        ["workbench-data", "workbench-accounts"],
    ),
    "packages": ("packages for everyone, which are installed last", ["workbench-packages"]),
    "updates": ("security updates", ["apt-daily-upgrade", "unattended-upgrades"]),
}
# As systemd's own names may be typed, too.
OTHER_NAMES = {
    "rstudio-server": "rstudio",
    "workbench-converge": CONVERGE,
    "jupyter": "jupyterhub",
    "hub": "jupyterhub",
    "sshd": "ssh",
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
    return [*((name, about) for name, (about, _) in SERVICES.items()), *people]


def log_command(wish: Wish, users: Sequence[str], stack: str) -> str:
    """Return the command on the server that shows the log; ends when its input ends.

    ``stack`` is for the sentences.
    """
    name = OTHER_NAMES.get(wish.service.removesuffix(".service"), wish.service)
    if name == CONVERGE and not wish.since:
        command = _tail(wish)
    elif name in SERVICES:
        command = _journal(wish, SERVICES[name][1])
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
