"""People's new files are their own: a strict umask, and a folder each for what is temporary."""

import pwd
import stat
from pathlib import Path

from workbench.host import places
from workbench.host.run.pyinfra_typed import Commands
from workbench.host.run.pyinfra_typed import operation
from workbench.host.run.pyinfra_typed import step
from workbench.host.run.rendering import put_template
from workbench.host.settings import Settings
from workbench.host.system import pam

# Everyone's group is their own, so this keeps others out; in a folder that a team shares by its
# group, the team can still read what is new.
UMASK = "027"
PROFILE = pam.PROFILES / "workbench-private"
ENVIRONMENT = places.CONFIGURATION / "pam_env.conf"
FOLDERS = Path("/etc/tmpfiles.d/workbench.conf")
SUDO = Path("/etc/sudoers.d/workbench-umask")


@step("Private files")
def private_files(settings: Settings) -> None:
    """Give everyone a temporary folder, and sessions a umask."""
    names = [user.name for user in settings.users]
    put_template("tmpfiles.conf", FOLDERS, names=names)
    make_folders(names, name="Make everyone's temporary folder")
    # Before the umask: what an administrator installs with sudo is for all to read.
    put_template("sudo-umask", SUDO, mode="440", proxy=[*settings.network.proxy_variables])
    put_template("pam_env.conf", ENVIRONMENT)
    put_template("pam-private", PROFILE, umask=UMASK, environment=ENVIRONMENT)
    pam.enable_profile(PROFILE, name="Begin sessions with both")


@operation
def make_folders(names: list[str]) -> Commands:
    """Make the folders now, as every boot does."""
    if places.TEMPORARY.exists() and places.TEMPORARY.lstat().st_uid != 0:
        # Someone was there before the recipe.
        yield f"rm -rf {places.TEMPORARY}"
    if any(not _is_made(name) for name in names):
        yield f"systemd-tmpfiles --create {FOLDERS}"


def _is_made(name: str) -> bool:
    folder = places.TEMPORARY / name
    try:
        wanted = (pwd.getpwnam(name).pw_uid, 0o40700)
    except KeyError:
        return True  # who has no account yet needs none
    # Jupyter gives the sticky bit to a folder that it puts a kernel's connection file into.
    status = folder.stat() if folder.exists() else None
    return status is not None and (status.st_uid, status.st_mode & ~stat.S_ISVTX) == wanted
