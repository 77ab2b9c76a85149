"""Files that give rights: those that run as someone else, and the system's that people change."""

import hashlib
import os
import shlex
import stat
import struct
from collections.abc import Iterator
from pathlib import Path

from workbench.host.people.register import FIRST_ID
from workbench.host.rights.rights_server import EVERYBODY
from workbench.host.rights.rights_server import GONE
from workbench.host.rights.rights_server import People
from workbench.host.rights.rights_server import Server
from workbench.host.rights.rights_server import Way

# What everyone's programs come from, and root's.
SYSTEM = ("/etc", "/usr", "/boot", "/opt", "/root")
# Here a file of a person's may be a program that was made for them.
UNSURE = ("/opt", "/usr/share", "/usr/local/share")
# Programs of packages that have to run as someone else; any other is told.
KNOWN = frozenset(
    [
        "at",
        "atq",
        "atrm",
        "batch",
        "bsd-write",
        "chage",
        "chfn",
        "chrome-sandbox",
        "chsh",
        "crontab",
        "dbus-daemon-launch-helper",
        "dotlockfile",
        "exim4",
        "expiry",
        "fusermount",
        "fusermount3",
        "gpasswd",
        "gst-ptp-helper",
        "locate",
        "mail-lock",
        "mail-touchlock",
        "mail-unlock",
        "mlocate",
        "mount",
        "mount.cifs",
        "mount.nfs",
        "mtr-packet",
        "newgidmap",
        "newgrp",
        "newuidmap",
        "ntfs-3g",
        "pam_extrausers_chkpwd",
        "passwd",
        "ping",
        "pkexec",
        "plocate",
        "polkit-agent-helper-1",
        "postdrop",
        "postlog",
        "postqueue",
        "pppd",
        "rsession",
        "screen",
        "sg",
        "snap-confine",
        "ssh-agent",
        "ssh-keysign",
        "starter-suid",
        "su",
        "sudo",
        "sudoedit",
        "umount",
        "unix_chkpwd",
        "utempter",
        "wall",
        "write",
        "write.ul",
        "Xorg.wrap",
    ]
)
ACL, CAPABILITIES = "system.posix_acl_access", "security.capability"
MOST = 20


def find(server: Server, people: People) -> Iterator[Way]:
    """Give the files that run as someone else, and those of the system that people can write."""
    yield from _running_as_others(server, people)
    yield from _writable(server, people)


def writers(path: Path, people: People) -> set[str]:
    """Return who may write a file or a folder without being an administrator."""
    try:
        status = path.lstat()
    except OSError:
        return set()
    if stat.S_ISLNK(status.st_mode):
        return set()
    mode = status.st_mode
    found = {each.name for each in people.limited if each.uid == status.st_uid}
    if mode & 0o002 and not (stat.S_ISDIR(mode) and mode & stat.S_ISVTX):
        found.add(EVERYBODY)
    if mode & 0o020:
        users, groups = _named(path, status.st_gid)
        found |= {each.name for each in people.limited if each.uid in users or each.groups & groups}
    return found


def changers(path: Path, people: People) -> set[str]:
    """Return who may put something else in a file's place: by it, or by a folder on the way."""
    resolved = Path(os.path.realpath(path))
    ways = {path, *path.parents, resolved, *resolved.parents}
    return {name for each in ways for name in writers(each, people)}


def _named(path: Path, group: int) -> tuple[set[int], set[int]]:
    """Return the uids and gids that may write, where the group's bits say that someone may.

    In an access control list these bits are what it can give at most (acl(5)).
    """
    try:
        entries = os.getxattr(path, ACL)[4:]
    except OSError:
        return set(), {group}
    users, groups = set(), set()
    for tag, permissions, number in struct.iter_unpack("<HHI", entries):
        if permissions & 2 and tag == 0x02:
            users.add(number)
        elif permissions & 2 and tag in (0x04, 0x08):
            groups.add(group if tag == 0x04 else number)
    return users, groups


def _writable(server: Server, people: People) -> Iterator[Way]:
    folders = [str(server.path(each)) for each in SYSTEM if server.path(each).is_dir()]
    # The group's bits show an access control list, too.
    listed = server.ask(
        *("find", *folders, "-xdev", "!", "-type", "l"),
        *("(", "-uid", "+999", "-o", "-perm", "/022", ")", "-print0"),
    )
    told: list[str] = []
    for path in sorted(filter(None, listed.split("\0"))):
        # A folder says it for what is in it.
        if any(path.startswith(f"{folder}/") for folder in told) or not _is_reachable(path):
            continue
        if path.endswith("/.lock") and not os.path.getsize(path):
            continue  # uv's, which nobody reads
        names = writers(Path(path), people)
        if names:
            told.append(path)
            yield from _told(server.name(Path(path)), sorted(names))
        if len(told) == MOST:
            return


def _told(path: str, names: list[str]) -> Iterator[Way]:
    sure = not path.startswith(UNSURE)
    for name in names:
        fix = f"chown -R root: {shlex.quote(path)} && chmod -R go-w {shlex.quote(path)}"
        yield Way(name, "files", f"{name} can write {path}", fix, sure)


def _is_reachable(path: str) -> bool:
    # Root's own folder is closed to all others; what is in it doesn't matter.
    return not path.startswith("/root/") or bool(os.stat("/root").st_mode & 0o011)


def _running_as_others(server: Server, people: People) -> Iterator[Way]:
    found = [(path, said) for path in _special(server) for said in _what_for(people, path)]
    packages = server.packages([server.name(path) for path, _ in found])
    for path, (person, what) in found:
        name = server.name(path)
        problem, sure = _problem(server, path, packages.get(name, ""))
        if person != EVERYBODY:
            yield Way(person, "set-id", f"{name} {what}", _fix(name, what))
        elif problem:
            yield Way(person, "set-id", f"{name} {what}, and {problem}", _fix(name, what), sure)


def _special(server: Server) -> Iterator[Path]:
    """Give the files that may run as someone else than who starts them."""
    for mount in _mounts(server):
        listed = server.ask(
            *("find", str(server.path(mount)), "-xdev", "-type", "f", "("),
            *("-perm", "/6000", "-printf", "s%p\\0", ",", "-perm", "/111", "-printf", "x%p\\0"),
            ")",
        )
        for line in filter(None, listed.split("\0")):
            if line[0] == "s" or _has_capabilities(Path(line[1:])):
                yield Path(line[1:])


def _mounts(server: Server) -> list[str]:
    """Return the mount points of real file systems where such files have an effect."""
    found = []
    for line in server.read("/proc/self/mountinfo").splitlines():
        fields, _, rest = line.partition(" - ")
        kind, source, options = rest.split()[0], rest.split()[1], fields.split()[5]
        is_real = source.startswith("/") or kind in ("overlay", "tmpfs", "zfs")
        if is_real and not {"nosuid", "ro", "noexec"} & set(options.split(",")):
            found.append(fields.split()[4])
    return found


def _what_for(people: People, path: Path) -> Iterator[tuple[str, str]]:
    """Give whom a file gives something, and what."""
    status = path.stat()
    owner = next((each for each in people.everyone.values() if each.uid == status.st_uid), None)
    if status.st_mode & stat.S_ISUID and owner and owner.rank == GONE:
        yield owner.name, f"runs as {owner.name} for everyone"
    elif status.st_mode & stat.S_ISUID and (owner is None or people.is_root(owner.name)):
        as_whom = owner.name if owner else _user(status.st_uid)
        yield EVERYBODY, f"runs as {as_whom} for everyone"
    elif status.st_mode & stat.S_ISGID and status.st_gid < FIRST_ID:
        yield EVERYBODY, f"runs in the group {path.group()}"
    if _has_capabilities(path):
        yield EVERYBODY, "has capabilities of root"


def _problem(server: Server, path: Path, package: str) -> tuple[str, bool]:
    """Return what is wrong with such a file, if anything, and whether that is sure."""
    if not package:
        return "is no package's", True
    if not _is_as_packaged(server, path, package):
        return f"is not as {package} has it", True
    return ("" if path.name in KNOWN else "is no program that usually does"), False


def _fix(name: str, what: str) -> str:
    quoted = shlex.quote(name)
    return f"setcap -r {quoted}" if "capabilities" in what else f"chmod ug-s {quoted}"


def _is_as_packaged(server: Server, path: Path, package: str) -> bool:
    info, shown = "/var/lib/dpkg/info", server.name(path)
    first = package.partition(",")[0]
    text = server.read(f"{info}/{first}.md5sums") or server.read(
        f"{info}/{first.partition(':')[0]}.md5sums"
    )
    known = {line.partition("  ")[2]: line.partition("  ")[0] for line in text.splitlines()}
    wanted = known.get(shown.lstrip("/")) or known.get(shown.removeprefix("/usr").lstrip("/"))
    # Some are made by their package's installation, and have no sum.
    if wanted is None:
        return True
    return hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest() == wanted


def _has_capabilities(path: Path) -> bool:
    try:
        return bool(os.getxattr(path, CAPABILITIES, follow_symlinks=False))
    except OSError:
        return False


def _user(number: int) -> str:
    return "root" if number == 0 else f"uid {number}"
