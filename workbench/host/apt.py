"""Debian packages, in as few transactions as possible: each one costs seconds."""

import subprocess
import time
from collections.abc import Sequence
from io import StringIO

from pyinfra.operations import files

from . import places

CONFIGURATION = """\
// Written by the workbench's recipe.
// The distribution's own timers may hold the lock for minutes.
DPkg::Lock::Timeout "300";
Acquire::Retries "3";
"""
# Keeps packages from starting services before their configuration is written.
POLICY = """\
#!/bin/sh
# Written by the workbench's recipe: it starts services itself, when they are configured.
[ -z "$WORKBENCH_INSTALLING" ] || exit 101
"""
INSTALL = (
    "WORKBENCH_INSTALLING=1 DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1 "
    "apt-get install -q -y --no-install-recommends "
    "-o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold "
)
UPDATE = "apt-get -q update"
UPDATED = places.STATE / "apt-updated"
FRESH_SECONDS = 3600


def configure_apt() -> None:
    """Make apt wait for its lock, and packages wait for their configuration."""
    files.put(
        name="Configure apt",
        src=StringIO(CONFIGURATION),
        dest="/etc/apt/apt.conf.d/90workbench",
        mode="644",
        create_remote_dir=False,
    )
    files.put(
        name="Keep services from starting unconfigured",
        src=StringIO(POLICY),
        dest="/usr/sbin/policy-rc.d",
        mode="755",
        create_remote_dir=False,
    )


def update_commands() -> list[str]:
    """Return the commands that fetch the lists of packages; none when they are fresh."""
    if UPDATED.exists() and time.time() - UPDATED.stat().st_mtime < FRESH_SECONDS:
        return []
    return [UPDATE, f"touch {UPDATED}"]


def installed_versions(names: Sequence[str]) -> dict[str, str]:
    """Return the version of each of the packages that is installed."""
    output = subprocess.run(
        ["dpkg-query", "-W", "-f", "${Package} ${Version} ${db:Status-Abbrev}\n", *names],
        capture_output=True,
        text=True,
        check=False,
    ).stdout
    lines = (line.split() for line in output.splitlines())
    return {name: rest[0] for name, *rest in lines if rest[-1:] == ["ii"]}
