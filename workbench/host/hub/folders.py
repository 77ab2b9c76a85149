"""People's folders for sockets: a file system each, so that nobody fills up what all need."""

import subprocess
from pathlib import Path

# The system's own: nobody may put anything else in a person's folder's place.
FOLDER = Path("/run/jupyter")
# Enough for sockets and connection files. Without links: the folder is the person's, and the hub's
# proxy connects to the socket in it, as root. A link there would lead it to a socket of others.
OPTIONS = "mode=0700,size=8m,nr_inodes=4096,nosuid,nodev,noexec,nosymfollow"


def make_folder(folder: Path) -> None:
    """Make a folder with nothing in it, which is root's until systemd gives it away."""
    while folder.is_mount():
        subprocess.run(["umount", "--lazy", folder], check=True)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    FOLDER.chmod(0o755)
    mount = ["mount", "-t", "tmpfs", "-o", OPTIONS, "tmpfs", str(folder)]
    subprocess.run(mount, check=True)
