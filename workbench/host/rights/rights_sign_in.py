"""How people are let in: SSH's, PAM's and polkit's configuration beyond the recipe's."""

import re
import shlex
from collections.abc import Iterator

from workbench.host.rights.rights_server import EVERYBODY
from workbench.host.rights.rights_server import People
from workbench.host.rights.rights_server import Server
from workbench.host.rights.rights_server import Way
from workbench.host.rights.rights_server import included

SSHD = "/etc/ssh/sshd_config"
# What sshd answers where nothing besides keys lets anyone in.
SAFE = {
    "authorizedkeyscommand": ("none",),
    "authorizedprincipalscommand": ("none",),
    "trustedusercakeys": ("none",),
    "hostbasedauthentication": ("no",),
    "passwordauthentication": ("no",),
    "permitemptypasswords": ("no",),
    "permitrootlogin": ("no",),
    "permituserenvironment": ("no",),
}
# Modules that ask for a proof; with "sufficient", any other lets in who can't give one.
PROVING = re.compile(
    r"pam_(unix|sss|ldap|krb5|winbind|systemd_home|google_authenticator|u2f|fscrypt)\.so"
)
# By the distribution: what root may do without a password.
ROOT_OK = {"chfn", "chsh", "su", "su-l", "runuser", "runuser-l", "newusers", "chpasswd", "passwd"}
POLKIT = (
    "/etc/polkit-1/rules.d",
    "/usr/local/share/polkit-1/rules.d",
    "/usr/share/polkit-1/rules.d",
    "/run/polkit-1/rules.d",
    "/etc/polkit-1/localauthority",
    "/var/lib/polkit-1/localauthority",
)


def find(server: Server, people: People) -> Iterator[Way]:
    """Give what lets people in, or makes them root, without the recipe."""
    yield from _ssh(server)
    yield from _pam(server)
    yield from _polkit(server, people)


def _ssh(server: Server) -> Iterator[Way]:
    for line in server.ask("sshd", "-T").splitlines():
        key, _, value = line.partition(" ")
        if key in SAFE and value not in SAFE[key]:
            what = f"the SSH server's {key} is {value}, and not {SAFE[key][0]}"
            yield Way(EVERYBODY, "ssh", what, f"grep -ri {key} {SSHD} {SSHD}.d")
    for file in sshd_files(server):
        for line in server.read(file).splitlines():
            # What holds for some only isn't in sshd's answer.
            if line.strip().lower().startswith("match "):
                what = f"{file} has other rules for some: {line.strip()}"
                fix = f"sshd -t && editor {shlex.quote(file)}"
                yield Way(EVERYBODY, "ssh", what, fix, sure=False)


def sshd_files(server: Server) -> list[str]:
    """Return the SSH server's configuration, and the files that it includes."""
    return included(server, SSHD, _sshd_includes)


def _sshd_includes(server: Server, line: str) -> Iterator[str]:
    words = line.split()
    if words[:1] and words[0].lower() == "include":
        for pattern in words[1:]:
            place = pattern if pattern.startswith("/") else f"/etc/ssh/{pattern}"
            folder, _, name = place.rpartition("/")
            yield from server.files(folder, name)


def _pam(server: Server) -> Iterator[Way]:
    for file in server.files("/etc/pam.d"):
        for line in server.read(file).splitlines():
            if _lets_in(line, file.rpartition("/")[2]):
                what = f"{file} lets people in without authentication: {' '.join(line.split())}"
                yield Way(EVERYBODY, "pam", what, f"editor {shlex.quote(file)}")


def _lets_in(line: str, service: str) -> bool:
    match = re.match(r"-?auth\s+(\[[^\]]*\]|\S+)\s+(\S+)", line.strip())
    if not match:
        return False
    control, module = match.groups()
    if control != "sufficient" and not re.search(r"success=(done|\d)", control):
        return False
    name = module.rpartition("/")[2]
    if name == "pam_rootok.so":
        return service not in ROOT_OK
    # Jumps over what follows them, where it is for others; proves nothing.
    if name == "pam_succeed_if.so" and control != "sufficient":
        return "success=done" in control
    return not PROVING.fullmatch(name) or "/" in module


def _polkit(server: Server, people: People) -> Iterator[Way]:
    for folder in POLKIT:
        for file in server.files(folder, "**/*"):
            text = server.read(file)
            grants = "Result.YES" in text or re.search(r"Result(Any|Active|Inactive)=yes", text)
            if not grants or server.packages([file]):
                continue
            named = [each.name for each in people.limited if _names(text, each.name)]
            for name in named or [EVERYBODY]:
                what = f"{file} lets {name} do things as root, by polkit"
                yield Way(name, "polkit", what, f"rm {shlex.quote(file)}", sure=bool(named))


def _names(text: str, name: str) -> bool:
    return re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", text) is not None
