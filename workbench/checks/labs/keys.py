"""The key pair: the private half in the lab's folder opens what AWS puts the public half into."""

import stat
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.checks.check import Outcome
from workbench.checks.check import failed
from workbench.checks.check import passed
from workbench.checks.labs.names import KEY_FILE
from workbench.checks.target import Target

if TYPE_CHECKING:
    import paramiko

OWN_KEY = "id_ed25519"


def read_key(path: Path) -> "paramiko.PKey | None":
    """Return the private key in a file; None where there is none that can be read."""
    import paramiko

    try:
        return paramiko.PKey.from_path(path)
    except (OSError, ValueError, TypeError, paramiko.SSHException):
        return None


def check_key_pair(target: Target) -> Outcome:
    """Check that a key pair in AWS is the public half of the key in the lab's folder."""
    path = target.folder / KEY_FILE
    if not path.is_file():
        return failed(f"there is no {path.name} in {path.parent}")
    key = read_key(path)
    if key is None:
        return failed(f"{path} isn't a private key")
    pairs = target.aws("ec2").describe_key_pairs(IncludePublicKey=True)["KeyPairs"]
    fitting = [pair["KeyName"] for pair in pairs if key.get_base64() in pair.get("PublicKey", "")]
    if not fitting:
        names = ", ".join(pair["KeyName"] for pair in pairs) or "none at all"
        return failed(f"no key pair in AWS matches {path.name}; AWS has: {names}")
    return passed(f"{fitting[0]} in AWS fits {path.name}")


def check_key_mode(target: Target) -> Outcome:
    """Check that nobody else on this computer can read the private key."""
    path = target.folder / KEY_FILE
    if not path.is_file():
        return failed(f"there is no {path.name} in {path.parent}")
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & 0o077:
        return failed(f"{path.name} has the mode {mode:o}: others on this computer can read it")
    return passed(f"{path.name} has the mode {mode:o}: only you can read it")


def check_own_key(target: Target) -> Outcome:
    """Check that the reader has a key pair of their own, whose halves belong together."""
    path = target.ssh_folder / OWN_KEY
    public = path.with_name(f"{OWN_KEY}.pub")
    for half in (path, public):
        if not half.is_file():
            return failed(f"there is no {half.name} in {half.parent}")
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & 0o077:
        return failed(f"{path} has the mode {mode:o}: others on this computer can read it")
    kind, _, rest = public.read_text("utf-8", "replace").partition(" ")
    key = read_key(path)
    # One with a passphrase can't be compared here; signing in with it shows the rest.
    if key is not None and rest.split()[:1] != [key.get_base64()]:
        return failed(f"{public} isn't the public half of {path}")
    return passed(f"{path}, {kind}")
