"""Signing in: the server is known, the reader has an account there, and a short name for it."""

import subprocess

from workbench.checks.check import Outcome
from workbench.checks.check import failed
from workbench.checks.check import passed
from workbench.checks.labs.keys import OWN_KEY
from workbench.checks.labs.names import KEY_FILE
from workbench.checks.labs.names import NAME
from workbench.checks.labs.names import USER
from workbench.checks.ssh import fingerprint
from workbench.checks.target import Answer
from workbench.checks.target import Target

# The first user id that a person's account can have (login.defs(5), UID_MIN).
FIRST_ID = 1000
TIMEOUT = 20


def check_known_host(target: Target) -> Outcome:
    """Check that this computer knows the server by a key that the server's console printed."""
    known, console = target.host_keys().pinned, dict(target.host_keys().console)
    ip = target.where.ip
    if not known:
        return failed(f"this computer's known_hosts has no key of {ip}")
    if not console:
        return failed("the server's console shows no host keys yet")
    for kind, key in known:
        if console.get(kind) != key:
            return failed(
                f"known_hosts has another {kind} key for {ip} than the server's console shows:"
                f" {fingerprint(key)}"
            )
    kind, key = known[0]
    return passed(f"{kind} {fingerprint(key)}, as the console shows it")


def check_user(target: Target) -> Outcome:
    """Check that the reader's account is a person's, with a home of its own and a password."""
    entry = _ask(target, f"getent passwd {USER}").stdout.strip()
    if not entry:
        return failed(f"the server has no account {USER}")
    _, _, uid, _, _, home, _ = entry.split(":")
    if int(uid) < FIRST_ID:
        return failed(f"{USER} has the user id {uid}, which is reserved for system accounts")
    owner = _ask(target, f"sudo -n stat -c %U {home}").stdout.strip()
    if owner != USER:
        told = f"belongs to {owner}" if owner else "isn't there"
        return failed(f"{home}, the home of {USER}, {told}")
    state = _ask(target, f"sudo -n passwd -S {USER}").stdout.split()
    if state[1:2] != ["P"]:
        return failed(f"{USER} has no password")
    return passed(f"{USER}, user id {uid}, home {home}, with a password")


def check_sudo(target: Target) -> Outcome:
    """Check that the account may do everything with sudo, and is asked for its password."""
    groups = _ask(target, f"id -nG {USER}").stdout.split()
    if "sudo" not in groups:
        return failed(f"{USER} isn't in the group sudo, but in: {', '.join(groups)}")
    rights = _ask(target, f"sudo -n sudo -l -U {USER}").stdout
    if "NOPASSWD" in rights:
        return failed(
            f"sudo doesn't ask {USER} for a password, because of a file in /etc/sudoers.d"
        )
    if "ALL) ALL" not in rights:
        return failed(f"{USER} is in the group sudo, but still can't use sudo")
    return passed(f"{USER} is in the group sudo, which asks for the password")


def check_authorized(target: Target) -> Outcome:
    """Check that the account takes the reader's own key, from files that only it can write."""
    home = _ask(target, f"getent passwd {USER}").stdout.strip().split(":")[5]
    file = f"{home}/.ssh/authorized_keys"
    # Through sudo, since nobody else may look into the folder.
    modes = _ask(target, f"sudo -n stat -c '%a %U' {home}/.ssh {file}").stdout.splitlines()
    if len(modes) != 2:
        return failed(f"there is no {file} on the server")
    for place, found, wanted in (
        (f"{home}/.ssh", modes[0], f"700 {USER}"),
        (file, modes[1], f"600 {USER}"),
    ):
        if found != wanted:
            mode, _, owner = found.partition(" ")
            return failed(f"{place} has the mode {mode} and the owner {owner}, not {wanted}")
    public = (target.ssh_folder / f"{OWN_KEY}.pub").read_text("utf-8", "replace").split()[1]
    if public not in _ask(target, f"sudo -n cat {file}").stdout:
        return failed(f"{file} doesn't have the key in {target.ssh_folder / OWN_KEY}.pub")
    return passed(f"{file} has your key, mode 600")


def check_alias(target: Target) -> Outcome:
    """Check that ``ssh do4ds-lab`` alone signs in on this very server, as the reader."""
    meant = _ask(target, "cat /etc/machine-id").stdout.strip()
    options = _ssh("-G", NAME)
    identities = [line for line in options.stdout.splitlines() if line.startswith("identityfile")]
    if any(KEY_FILE in line for line in identities):
        return failed(f"`ssh {NAME}` uses {KEY_FILE}, not your own key")
    answer = _ssh(
        "-o",
        "BatchMode=yes",
        "-o",
        "StrictHostKeyChecking=yes",
        NAME,
        "id -un; cat /etc/machine-id",
    )
    if answer.exit_code == 255:
        last = answer.stderr.strip().splitlines() or ["no reason given"]
        return failed(f"`ssh {NAME}` doesn't sign in: {last[-1].strip()}")
    user, _, machine = answer.stdout.strip().partition("\n")
    if machine != meant:
        return failed(f"`ssh {NAME}` signs in to a computer other than the lab's server")
    if user != USER:
        return failed(f"`ssh {NAME}` signs in as {user}, not as {USER}")
    return passed(f"`ssh {NAME}` signs in as {user}")


def _ask(target: Target, command: str) -> Answer:
    return target.server().run(command, limit=30)


def _ssh(*words: str) -> Answer:
    """Run this computer's own ssh, which reads the reader's own files."""
    try:
        done = subprocess.run(
            ["ssh", "-o", f"ConnectTimeout={TIMEOUT}", *words],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=2 * TIMEOUT,
        )
    except (FileNotFoundError, subprocess.TimeoutExpired) as error:
        return Answer(255, "", str(error))
    return Answer(done.returncode, done.stdout, done.stderr)
