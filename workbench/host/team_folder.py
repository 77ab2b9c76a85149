"""A folder for all: ``shared`` in everyone's home leads to it, on the data volume."""

import pwd
import stat
from pathlib import Path

from . import places
from .operations import unit
from .pyinfra_typed import Commands
from .pyinfra_typed import operation
from .rendering import put_template
from .settings import Settings
from .storage import module_command

SERVICE = "workbench-team.service"
TIMER = "workbench-team.timer"
LINK = "shared"


def team_folder(settings: Settings) -> None:
    """Make the folder, the links to it, and what keeps its files open to all."""
    make(name="Make the team's folder")
    for user in settings.users:
        link(user.name, name=f"Lead {user.name} to the team's folder")
    for name in (SERVICE, TIMER):
        put_template(name, Path("/etc/systemd/system") / name)
    unit(TIMER, files=[Path("/etc/systemd/system") / TIMER], name="Keep its files open to all")


@operation
def make() -> Commands:
    """Make the folder, empty and the members'."""
    if places.TEAM.is_dir() and stat.S_IMODE(places.TEAM.stat().st_mode) == 0o2770:
        return
    yield f"install -d -m 2770 -o root -g {places.MEMBERS} {places.TEAM}"
    yield module_command("team_files")


@operation
def link(name: str) -> Commands:
    """Put the link into a home that has nothing of that name; one that is full goes without."""
    try:
        path = Path(pwd.getpwnam(name).pw_dir) / LINK
    except KeyError:
        path = Path("/home") / name / LINK
    if not path.is_symlink() and not path.exists():
        yield f"runuser -u {name} -- ln -s {places.TEAM} {path} || true"
