"""A folder for all: ``shared`` in everyone's home points to it, on the data volume."""

import pwd
import stat
from pathlib import Path

from workbench.host import places
from workbench.host.data.storage import module_command
from workbench.host.people.authorized_keys import AS_PERSON
from workbench.host.people.team_files import is_open_to_group
from workbench.host.run.pyinfra_typed import Commands
from workbench.host.run.pyinfra_typed import operation
from workbench.host.settings import Settings

LINK = "shared"


def team_folder(settings: Settings) -> None:
    """Make the folder, and the links to it."""
    make(name="Make the team's folder")
    for user in settings.users:
        link(user.name, name=f"Lead {user.name} to the team's folder")


@operation
def make() -> Commands:
    """Make the folder, empty and the members'."""
    is_made = places.TEAM.is_dir() and stat.S_IMODE(places.TEAM.stat().st_mode) == 0o2770
    if not is_made:
        yield f"install -d -m 2770 -o root -g {places.MEMBERS} {places.TEAM}"
    if not is_made or not is_open_to_group(places.TEAM):
        yield module_command("people.team_files")


@operation
def link(name: str) -> Commands:
    """Put the link into a home that has nothing of that name; one that is full goes without."""
    try:
        path = Path(pwd.getpwnam(name).pw_dir) / LINK
    except KeyError:
        path = Path("/home") / name / LINK
    try:
        path.lstat()
    except FileNotFoundError:
        yield f"{AS_PERSON.format(name=name)} ln -s {places.TEAM} {path} || true"
    except OSError:
        # A file system of theirs, which root may not look at.
        return
