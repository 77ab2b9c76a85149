"""Each person's share of the data volume, by XFS's quotas, and a reserve alongside all homes.

A person's files count wherever they are on the volume. Root isn't held to a person's limit, but to
that of all homes. Quotas begin with a mount (see ``volume``), and every limit is set for everyone
by name: it outlives what is taken out of the configuration.
"""

import os
import pwd
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

from workbench.host import places
from workbench.host.data import room
from workbench.host.run.pyinfra_typed import Commands
from workbench.host.run.pyinfra_typed import files
from workbench.host.run.pyinfra_typed import operation
from workbench.host.settings import Account
from workbench.host.settings import Settings

# The commands that were carried out: limits stay on the volume, also while it has no quotas.
SET = places.IDENTITY / "quotas"
MOUNTS = Path("/proc/mounts")
GIB = 1 << 30
MIB = 1 << 20
# The project that all homes are, the team's folder, and the room that is kept for new homes.
PROJECT = 700
# Alongside the homes: the product's own file system, and as much again for a root's copy of a file.
RESERVE_PERCENT = 5
LEAST_RESERVE = 512 * MIB
# Files a GiB: an environment of conda's has 10,000 to 20,000. XFS gives a quarter of a volume to
# inodes at most, of 512 bytes each: 524,288 a GiB.
FILES = 100_000
ALL_FILES = 450_000


# It says what failed, and doesn't always end with another code than 0.
SET_LIMIT = (
    "said=$(xfs_quota -x -c '{command}' {volume} 2>&1); code=$?; case \"$said\" in"
    ' xfs_quota:*) code=1;; esac; [ $code = 0 ] || {{ echo "$said"; exit 1; }}'
)
# It complains of every link and socket in a home, and of what is deleted meanwhile.
SET_UP = (
    "xfs_quota -x -c '{command}' {volume} >/dev/null 2>&1;"
    f" xfs_io -r -c lsproj {{homes}} | grep -qw {PROJECT}"
)


@operation
def set_limits(settings: Settings) -> Commands:
    """Set the limits, unless they are as they were set."""
    if not are_on():
        return
    status = os.statvfs(places.DATA)
    commands = list(limits(settings, status.f_blocks * status.f_frsize))
    text = "\n".join(commands) + "\n"
    before = SET.read_text() if SET.is_file() else ""
    if before == text:
        return
    for command in commands:
        # The walk through all homes is long, and needed once.
        if command not in before.splitlines():
            carry_out = SET_UP if command.startswith("project") else SET_LIMIT
            yield carry_out.format(command=command, volume=places.DATA, homes=places.HOMES)
    yield from files.put._inner(src=StringIO(text), dest=str(SET), mode="600")


def are_on(mounts: str | None = None) -> bool:
    """Say whether the data volume is mounted with both kinds of quota."""
    for line in (MOUNTS.read_text() if mounts is None else mounts).splitlines():
        _, point, _, options, *_ = line.split()
        if point == str(places.DATA):
            return {"usrquota", "prjquota"} <= set(options.split(","))
    return False


def limits(settings: Settings, size: int) -> Iterator[str]:
    """Return xfs_quota's commands for a file system of ``size`` bytes."""
    all_homes = homes_room(size)
    default = default_quota(settings, size)
    yield f"limit -u -d {_limit(default)}"
    for user in (*settings.users, settings.administrator):
        number = _number(user)
        if number is not None:
            own = user.quota * GIB if user.quota is not None else default
            yield f"limit -u {_limit(own)} {number}"
    yield f"project -s -p {places.HOMES} -p {places.TEAM} -p {room.FOLDER} {PROJECT}"
    yield f"limit -p bhard={all_homes // MIB}m ihard={size * ALL_FILES // GIB} {PROJECT}"


def homes_room(size: int) -> int:
    """Return the bytes that all homes may have together."""
    return size - max(LEAST_RESERVE, size * RESERVE_PERCENT // 100)


def default_quota(settings: Settings, size: int) -> int:
    """Return a person's bytes: the key's, or an equal share for each; 0 is no limit.

    The shares, with the administrator's, make up the room of all homes: whoever fills theirs takes
    nothing from others.
    """
    if settings.home_quota is not None:
        return settings.home_quota * GIB
    return homes_room(size) // (1 + max(1, len(settings.users)))


def _limit(quota: int) -> str:
    return f"bhard={quota // MIB}m ihard={quota * FILES // GIB}"


def _number(user: Account) -> int | None:
    try:
        return pwd.getpwnam(user.name).pw_uid
    except KeyError:
        return None
