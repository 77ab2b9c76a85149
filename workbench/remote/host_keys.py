"""SSH host keys, pinned from the instance's console output: never trusted on first use."""

import contextlib
from collections.abc import Callable
from datetime import UTC
from datetime import datetime
from pathlib import Path
from typing import Any

import paramiko

from workbench.errors import WaitTimeoutError
from workbench.remote.console import Console
from workbench.waiting import wait_for
from workbench.writing import put_file

BEGIN = "-----BEGIN SSH HOST KEY KEYS-----"
END = "-----END SSH HOST KEY KEYS-----"
# A first boot prints its keys within a minute.
CONSOLE_LIMIT = 300.0
# Of older types EC2 shows the console late; seconds after the instance was started.
LATE_LIMIT = 1500.0
CONSOLE_INTERVAL = 2.0
_LATE = "; of this type, EC2 shows it up to 20 minutes late"

Keys = tuple[tuple[str, str], ...]


def parse_console(console: str) -> Keys:
    """Return the host keys (type, base64) that a console's last complete block shows, sorted.

    cloud-init and the recipe print the same keys in orders of their own.
    """
    before, found, _ = console.rpartition(END)
    if not found or BEGIN not in before:
        return ()
    block = before.rpartition(BEGIN)[2]
    rows = [line.split() for line in block.splitlines()]
    return tuple(sorted((row[0], row[1]) for row in rows if len(row) > 1 and _is_key(row[0])))


def _is_key(kind: str) -> bool:
    # OpenSSH takes no DSA keys any more; not all that print to the console leave them out.
    return kind.startswith(("ssh-", "ecdsa-")) and kind != "ssh-dss"


def read_console_keys(
    ec2: Any,
    instance_id: str,
    *,
    limit: float = CONSOLE_LIMIT,
    unlike: Keys = (),
    waiting: Callable[[], None] | None = None,
    on_late: Callable[[], None] = lambda: None,
) -> Keys:
    """Return the keys an instance's console shows, waiting up to ``limit`` seconds for them.

    ``unlike`` are keys already known to be old: the console is then read until it shows others.
    On a type whose console EC2 shows late, ``on_late`` is called and the wait is longer; without
    ``waiting``, which shows it, nothing is waited for there.
    """
    console = Console(ec2, instance_id)
    limits = [limit]

    def read() -> Keys:
        if waiting is not None:
            waiting()
        found = parse_console(console.read())
        if console.is_late and len(limits) == 1:
            if waiting is None:
                limits.append(0.0)
            else:
                # What a server prints later than its boot, as other keys, EC2 doesn't post at all.
                limits.append(limit if unlike else max(limit, _late_limit(ec2, instance_id)))
                on_late()
        return () if found == unlike else found

    keys = wait_for(read, lambda: limits[-1], CONSOLE_INTERVAL)
    if not keys:
        raise WaitTimeoutError(
            f"The console of {instance_id} shows no{' new' if unlike else ''} SSH host keys"
            f" after {limits[-1]:.0f} s{_LATE if console.is_late else ''}.",
            f"aws ec2 get-console-output{'' if console.is_late else ' --latest'} --output text"
            f" --instance-id {instance_id}",
        )
    return keys


def _late_limit(ec2: Any, instance_id: str) -> float:
    """Return for how many seconds from now the console of an instance may still come."""
    found = ec2.describe_instances(InstanceIds=[instance_id])["Reservations"]
    started: datetime = found[0]["Instances"][0]["LaunchTime"]
    return LATE_LIMIT - (datetime.now(UTC) - started).total_seconds()


class KnownHosts:
    """A known-hosts file of the workbench's own, its lines named by instance id.

    The name is what OpenSSH calls HostKeyAlias: an address can come to belong to another
    server, an instance id can't.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self, instance_id: str) -> Keys:
        """Return the keys pinned for an instance."""
        rows = [line.split() for line in self._lines()]
        return tuple((row[1], row[2]) for row in rows if len(row) > 2 and row[0] == instance_id)

    def write(self, instance_id: str, keys: Keys) -> None:
        """Pin these keys, in place of others of the instance.

        What another instance has stays: another project's stack of the same name shares the file.
        """
        text = "".join(f"{instance_id} {kind} {key}\n" for kind, key in keys)
        others = [line for line in self._lines() if line.split()[:1] != [instance_id]]
        put_file(self.path, "".join(f"{line}\n" for line in others) + text)

    def _lines(self) -> list[str]:
        try:
            text = self.path.read_text(encoding="ascii", errors="replace")
        except FileNotFoundError:
            return []
        # What isn't ASCII is damage, and would be another damage each time it is written.
        return [line for line in text.splitlines() if line.isascii()]


def public_keys(keys: Keys) -> list[paramiko.PKey]:
    """Return the keys as paramiko's; damaged ones, and those it doesn't know, are left out."""
    found = []
    for kind, key in keys:
        # Each kind of key has errors of its own for what is half a key.
        with contextlib.suppress(Exception):
            entry = paramiko.hostkeys.HostKeyEntry.from_line(f"host {kind} {key}")
            if entry is not None and entry.key is not None:
                found.append(entry.key)
    return found
