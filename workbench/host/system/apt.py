"""apt's commands; standard library only, since the first ones run before pyinfra is here."""

import platform
import subprocess
import time
from collections.abc import Sequence

from workbench.host import places
from workbench.host.run.planning import planning

# What the server takes from its distribution before it starts its services …
PACKAGES = (
    "cron",
    # "systemctl --user" and "systemd-run --user".
    "dbus-user-session",
    "git",
    "libpam-passwdqc",
    "libpam-systemd",
    "nftables",
    "passwdqc",
    "python3-venv",
    "r-base-core",
    "r-cran-irkernel",
    "r-recommended",
    "tzdata",
    "unattended-upgrades",
    "xfsprogs",
)
# … and after that: no first notebook waits for these, which take as long as all the others.
LATER = (
    "jq",
    "libpython3-dev",
    "man-db",
    "nano",
    # Compilers: what CRAN has no binary of is built from its sources.
    "r-base-dev",
    "rsync",
    "tmux",
)
# Where it has names of time zones from before, such as Asia/Calcutta, in a package of their own.
OLD_ZONES = "tzdata-legacy"
SPLIT_SINCE = "24.04"
# The distribution's own timers may hold the locks for minutes.
OPTIONS = "-q -y -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3"
UPDATED = places.STATE / "apt-updated"
UPDATE_LISTS = places.PACKAGE / "scripts" / "update-package-lists"
# Only one apt is at work: the one that downloads ahead, or the one that installs.
# By a file of dpkg's that people can't open: whoever may read one may hold it. apt locks it another
# way, and mustn't have it open when it begins.
TURNS = "flock --close /var/lib/dpkg/lock-frontend"
UPDATE = f"{TURNS} {UPDATE_LISTS} {OPTIONS} && touch {UPDATED}"
DOWNLOAD = f"{TURNS} apt-get {OPTIONS} install --no-install-recommends --download-only"
INSTALL = (
    "WORKBENCH_INSTALLING=1 DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1 "
    f"{TURNS} apt-get {OPTIONS} install --no-install-recommends "
    "-o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold"
)
PURGE = (
    "WORKBENCH_INSTALLING=1 DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1 "
    f"{TURNS} apt-get {OPTIONS} purge"
)
# Leaves what a program keeps for itself.
REMOVE = f"{PURGE.removesuffix('purge')}remove"
FRESH_SECONDS = 3600


def update_commands() -> list[str]:
    """Return the command that fetches the lists of packages; none when they are fresh."""
    if UPDATED.exists() and time.time() - UPDATED.stat().st_mtime < FRESH_SECONDS:
        return []
    return [UPDATE]


def wanted() -> tuple[str, ...]:
    """Return what this server takes from its distribution before it starts its services."""
    release = platform.freedesktop_os_release()
    is_split = release["ID"] == "ubuntu" and release["VERSION_ID"] >= SPLIT_SINCE
    return (*PACKAGES, OLD_ZONES) if is_split else PACKAGES


def architecture() -> str:
    """Return the processor's architecture as the kernel names it: x86_64 or aarch64."""
    return platform.machine()


def missing(names: Sequence[str]) -> list[str]:
    """Return which of the packages are not installed."""
    return sorted(set(names) - installed_versions(names).keys())


def is_there(name: str) -> bool:
    """Say whether anything of a package is there, half of it or only its configuration."""
    state = subprocess.run(
        ["dpkg-query", "-W", "-f", "${db:Status-Status}", name],
        capture_output=True,
        text=True,
        check=False,
    ).stdout
    return state not in ("", "not-installed")


def installed_versions(names: Sequence[str]) -> dict[str, str]:
    """Return the version of each of the packages that is installed."""
    known = planning.packages
    if known and known.keys() >= set(names):
        return {name: version for name in names if (version := known[name])}
    output = subprocess.run(
        ["dpkg-query", "-W", "-f", "${Package} ${Version} ${db:Status-Abbrev}\n", *names],
        capture_output=True,
        text=True,
        check=False,
    ).stdout
    lines = (line.split() for line in output.splitlines())
    return {name: rest[0] for name, *rest in lines if rest[-1:] == ["ii"]}
