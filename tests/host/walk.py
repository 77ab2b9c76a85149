"""Walk over a whole server as the person who runs this, and tell in JSON what they can reach.

usage: python3 walk.py VICTIM MARK SINCE: whose things are looked for, a word that is in all they
made, and when they began (seconds since 1970). Standard library only: it is sent to the server.
"""

import json
import os
import pwd
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

# What these show is the kernel's: the processes among it are looked at by themselves.
SKIPPED = {"/proc", "/sys"}
LARGEST = 20 * 2**20
SECONDS = 60
LISTENS = 0x10000


def entries(folder: str, end: float) -> Iterator[os.DirEntry[str]]:
    """Yield every file and folder that can be seen from a folder."""
    folders = [folder]
    while folders:
        assert time.monotonic() < end, f"the walk took over {SECONDS} s"
        try:
            with os.scandir(folders.pop()) as found:
                for entry in found:
                    yield entry
                    if entry.is_dir(follow_symlinks=False) and entry.path not in SKIPPED:
                        folders.append(entry.path)
        except OSError:
            continue


def walk_files(victim: int, mark: bytes, since: float) -> dict[str, list[str]]:
    """Say what is the victim's and readable, what has their mark, and what can be changed."""
    theirs, marked, writable, elevated, sockets = [], [], [], [], []
    for entry in entries("/", time.monotonic() + SECONDS):
        status = entry.stat(follow_symlinks=False)
        mode, path = status.st_mode, entry.path
        if stat.S_ISLNK(mode):
            continue
        if stat.S_ISSOCK(mode):
            sockets.append(path)
            continue
        if status.st_uid == victim and os.access(path, os.R_OK):
            theirs.append(path)
        if status.st_uid != os.getuid() and os.access(path, os.W_OK):
            is_shared = stat.S_ISDIR(mode) and mode & stat.S_ISVTX
            writable.append(path + (" (sticky)" if is_shared else ""))
        if stat.S_ISREG(mode):
            if mode & (stat.S_ISUID | stat.S_ISGID):
                elevated.append(path)
            if status.st_mtime >= since and status.st_size < LARGEST and contains(path, mark):
                marked.append(path)
    return {
        "theirs": theirs,
        "marked": marked,
        "writable": writable,
        "elevated": elevated,
        "sockets": reachable_sockets(sockets),
    }


def contains(path: str, mark: bytes) -> bool:
    try:
        return mark in Path(path).read_bytes()
    except OSError:
        return False


def reachable_sockets(files: list[str]) -> list[str]:
    """Return the Unix sockets that answer a connection, of files and of the kernel's list."""
    known = set(files)
    for line in Path("/proc/net/unix").read_text().splitlines()[1:]:
        fields = line.split(maxsplit=7)
        # Without the flag it is one end of a connection; datagrams' never have it.
        if len(fields) == 8 and (int(fields[3], 16) & LISTENS or fields[4] == "0002"):
            known.add(fields[7])
    return sorted(path for path in known if takes_connection(path))


def takes_connection(path: str) -> bool:
    address = "\0" + path[1:] if path.startswith("@") else path
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_SEQPACKET):
        with socket.socket(socket.AF_UNIX, kind) as client:
            client.settimeout(3)
            try:
                client.connect(address)
                return True
            except OSError:
                continue
    return False


def reachable_ports() -> list[str]:
    """Return the TCP ports that take a connection, as ``tcp PORT``, and all open UDP ports."""
    found = set()
    for name in ("tcp", "tcp6", "udp", "udp6"):
        for line in Path(f"/proc/net/{name}").read_text().splitlines()[1:]:
            local, state = line.split()[1], line.split()[3]
            port = int(local.rpartition(":")[2], 16)
            if name.startswith("udp"):
                # Those that were connected, as for a question to DNS, take from one sender only.
                if state == "07":
                    found.add(f"udp {port}")
            elif state == "0A" and any(answers(each, port) for each in ("127.0.0.1", "::1")):
                found.add(f"tcp {port}")
    return sorted(found)


def answers(address: str, port: int) -> bool:
    try:
        socket.create_connection((address, port), timeout=3).close()
        return True
    except OSError:
        return False


def others_processes() -> list[str]:
    """Return what /proc, and systemd over D-Bus, say about processes that aren't mine."""
    told = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if folder.stat().st_uid != os.getuid():
                told.append((folder / "cmdline").read_text().replace("\0", " "))
        except OSError:
            continue
    manager = ("org.freedesktop.systemd1", "/org/freedesktop/systemd1")
    for slice_ in ("-.slice", "user.slice", "system.slice"):
        call = ["busctl", "call", *manager, "org.freedesktop.systemd1.Manager"]
        asked = [*call, "GetUnitProcesses", "s", "--", slice_]
        done = subprocess.run(asked, capture_output=True, text=True)
        told += [done.stdout] if done.returncode == 0 else []
    return told


def main() -> None:
    victim, mark, since = pwd.getpwnam(sys.argv[1]).pw_uid, sys.argv[2].encode(), sys.argv[3]
    found = walk_files(victim, mark, float(since))
    found |= {"ports": reachable_ports(), "processes": others_processes()}
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main()
