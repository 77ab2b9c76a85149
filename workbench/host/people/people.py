"""Tell who has an account on this server, for a person's computer: JSON on standard output.

Run as root: ``python3 -m workbench.host.people.people [disk]``; with ``disk`` it says what homes
take, too, which has to look at every file. Standard library only.
"""

import base64
import grp
import hashlib
import itertools
import json
import pwd
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

from workbench.host import places
from workbench.host.data.volume import read_volume
from workbench.host.people.accounts import read_shadow
from workbench.host.people.authorized_keys import BEGIN
from workbench.host.people.authorized_keys import END
from workbench.host.people.authorized_keys import LARGEST_FILE
from workbench.host.people.authorized_keys import read_file
from workbench.host.people.processes import processes
from workbench.host.people.register import FIRST_ID
from workbench.host.people.register import LAST_ID
from workbench.host.people.sudo_rights import may_use_sudo

CLOSED = "1"
# All homes together: a person waits for it.
DISK_SECONDS = 20.0


def read_people(*, with_disk: bool) -> list[dict[str, Any]]:
    """Return everyone's account, but the administrator's; times in seconds since 1970."""
    administrator = read_volume().administrator
    entries = [
        entry
        for entry in pwd.getpwall()
        if FIRST_ID <= entry.pw_uid <= LAST_ID and entry.pw_name != administrator
    ]
    shadow = read_shadow()
    running = Counter(number for each in processes() for number in {each.uid, each.slice})
    homes = [Path(entry.pw_dir) for entry in entries]
    sizes = read_sizes(homes, DISK_SECONDS) if with_disk else {}
    return [
        {
            "name": entry.pw_name,
            "uid": entry.pw_uid,
            "home": entry.pw_dir,
            "home_bytes": sizes.get(Path(entry.pw_dir)),
            "member": entry.pw_name in grp.getgrnam(places.MEMBERS).gr_mem,
            "administrator": entry.pw_name in grp.getgrnam(places.ADMINISTRATORS).gr_mem,
            # By sudo itself, whatever lets them.
            "sudo": may_use_sudo(entry.pw_name),
            "disabled": shadow[entry.pw_name][1] == CLOSED,
            # A locked hash is one still, with a mark before it.
            "password": shadow[entry.pw_name][0].strip("!*").startswith("$"),
            "keys": read_keys(Path(entry.pw_dir)),
            "last_sign_in": _last_sign_in(entry),
            "processes": running[entry.pw_uid],
        }
        for entry in sorted(entries, key=lambda entry: entry.pw_uid)
    ]


def read_keys(home: Path) -> list[dict[str, Any]]:
    """Return the keys that open an account, and whether each is of the stack's configuration."""
    found, ours = [], False
    content = read_file(home / ".ssh" / "authorized_keys", LARGEST_FILE)
    for line in content.decode(errors="replace").splitlines():
        ours = (ours or line == BEGIN) and line != END
        if key := key_of(line):
            found.append(key | {"declared": ours})
    return found


def key_of(line: str) -> dict[str, str] | None:
    """Return a line's key, by its fingerprint; options may stand before it."""
    words = line.split()
    for kind, data in itertools.pairwise(words):
        if kind.startswith(("ssh-", "ecdsa-", "sk-")) and data.startswith("AAAA"):
            comment = line.partition(data)[2].strip()
            return {"type": kind, "fingerprint": _fingerprint(data), "comment": comment}
    return None


def _fingerprint(data: str) -> str:
    try:
        digest = hashlib.sha256(base64.b64decode(data)).digest()
    except ValueError:
        return ""
    return "SHA256:" + base64.b64encode(digest).decode().rstrip("=")


def read_sizes(homes: list[Path], seconds: float) -> dict[Path, int]:
    """Return what the homes take on disk in bytes; those that take too long are left out."""
    end = time.monotonic() + seconds
    command = ["nice", "du", "--summarize", "--one-file-system", "--block-size=1"]
    counting = {
        home: subprocess.Popen(
            [*command, str(home)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        for home in homes
        if home.is_dir()
    }
    sizes = {}
    for home, process in counting.items():
        try:
            said, _ = process.communicate(timeout=max(0.0, end - time.monotonic()))
            sizes[home] = int(said.split()[0])
        except (subprocess.TimeoutExpired, IndexError):
            process.kill()
            process.communicate()
    return sizes


def _last_sign_in(entry: pwd.struct_passwd) -> float | None:
    """Return when someone signed in last, by SSH or to a service; None for who never came."""
    noted = places.SIGN_INS / entry.pw_name
    return noted.stat().st_mtime if noted.exists() else None


if __name__ == "__main__":
    json.dump(read_people(with_disk="disk" in sys.argv[1:]), sys.stdout)
