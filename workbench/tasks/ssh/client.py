"""Run OpenSSH's own client, and say in one sentence why it didn't get in."""

import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from workbench.errors import MissingToolError
from workbench.errors import WorkbenchError
from workbench.remote.ssh_target import Door
from workbench.remote.ssh_target import OtherHostError
from workbench.remote.ssh_target import RefusedError
from workbench.remote.ssh_target import UnreachableError

# ssh's own exit code for what failed before the command ran; a command may end with it, too.
FAILED = 255


def ssh_command(door: Door, *options: str, log: Path) -> list[str]:
    """Return OpenSSH's client with the pinned options; ``log`` gets what it says itself."""
    # A person's own ~/.ssh/config is about their hosts, not about this address.
    known = door.options
    if door.endpoint:
        # Why there is no tunnel is asked again and told by us.
        known["ProxyCommand"] += " 2>/dev/null"
    pinned = [word for name, value in known.items() for word in ("-o", f"{name}={value}")]
    said = ["-o", "LogLevel=VERBOSE", "-E", str(log)]
    where = ["-p", str(door.port), "-l", door.user]
    return [_client(), "-F", "none", *pinned, *said, *where, *options, door.host]


def run_ssh(door: Door, *options: str, command: Sequence[str] = ()) -> int:
    """Run a command or a shell by OpenSSH, with this terminal; return how it ended.

    Raises WorkbenchError where OpenSSH didn't get in, or lost its connection.
    """
    with tempfile.TemporaryDirectory(prefix="workbench-ssh-") as folder:
        log = Path(folder) / "log"
        ended = subprocess.call([*ssh_command(door, *options, log=log), *command])
        said = log.read_text(encoding="utf-8", errors="replace") if log.exists() else ""
    if ended == FAILED:
        refuse_failure(said, door)
    return ended


def refuse_failure(said: str, door: Door) -> None:
    """Raise where OpenSSH itself failed, by what it said; not where the command did."""
    if "Authenticated to" not in said:
        raise explain(said, door)
    broken = [line for line in said.splitlines() if _BROKEN.search(line)]
    if broken:
        raise BrokenError(
            f"The SSH connection broke: {broken[-1].strip().rstrip('.')}.",
            f"workbench status --stack {door.stack}",
        )


def explain(said: str, door: Door) -> WorkbenchError:
    """Return why OpenSSH didn't get in, with the fix."""
    for pattern, kind, sentence, hint in _KNOWN:
        if re.search(pattern, said):
            words = {"user": door.user, "host": door.host, "key": door.key.path}
            words["stack"] = door.stack
            return kind(sentence.format(**words), hint.format(**words))
    lines = said.strip().splitlines() or ["nothing"]
    return WorkbenchError(
        f"OpenSSH says: {lines[-1].strip()}", f"workbench doctor --stack {door.stack}"
    )


class BrokenError(WorkbenchError):
    """A connection that stood is gone."""


_BROKEN = re.compile(r"closed by remote|Broken pipe|Timeout, server|reset by|timed out")
_KNOWN = (
    (
        "UNPROTECTED PRIVATE KEY FILE|bad permissions",
        RefusedError,
        "The private key {key} can be read by others on this computer, so OpenSSH refuses it.",
        "chmod 600 {key}",
    ),
    (
        "Too many authentication failures",
        RefusedError,
        "Your SSH agent offered too many other keys before the right one, and the server hung up.",
        "workbench ssh.config --stack {stack}   makes an alias that offers only the right one",
    ),
    (
        "HOST IDENTIFICATION HAS CHANGED|Host key verification failed|host key is known for",
        OtherHostError,
        "{host} shows a different SSH host key from the one pinned from its console.",
        "workbench doctor --stack {stack}",
    ),
    (
        "Permission denied",
        RefusedError,
        "{user}@{host} refuses the key {key}: the wrong user, or a key it doesn't have.",
        "workbench ssh.keys.list --stack {stack}",
    ),
    (
        "timed out|refused|reset|No route|unreachable|Connection closed|kex_exchange",
        UnreachableError,
        "SSH at {host} doesn't answer.",
        "workbench doctor --stack {stack}",
    ),
)


def has_terminal() -> bool:
    """Whether a person sits at both ends of this process."""
    return all(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stdout))


def _client() -> str:
    found = shutil.which("ssh")
    if found is None:
        raise MissingToolError(
            "There is no OpenSSH client (ssh) on this computer.",
            "Install it; on Debian and Ubuntu: sudo apt-get install openssh-client",
        )
    return found
