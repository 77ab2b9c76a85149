"""The private key on this computer that fits the stack's public key."""

import os
from pathlib import Path

import paramiko

from workbench.errors import WorkbenchError
from workbench.tasks.connection import PrivateKey

VARIABLE = "WORKBENCH_SSH_KEY"
# In the rehearsal's folder.
REHEARSAL_KEY = Path("ssh") / "id_ed25519"


def find_private_key(public_key: str, *, own: Path | None = None) -> PrivateKey:
    """Return the key for ``public_key`` (an OpenSSH line).

    The one named by $WORKBENCH_SSH_KEY wins; then ``own`` (the rehearsal's); else the one in
    ~/.ssh whose public half is this.
    """
    named = os.environ.get(VARIABLE)
    if named:
        return _usable(Path(named).expanduser(), public_key)
    if own is not None:
        return _usable(own, public_key)
    for candidate in sorted((Path.home() / ".ssh").glob("*.pub")):
        if _blob(candidate.read_text(encoding="utf-8", errors="replace")) == _blob(public_key):
            return _usable(candidate.with_suffix(""), public_key)
    raise WorkbenchError(
        "No private key in ~/.ssh fits the stack's public key (workbench:publicKey).",
        f"{VARIABLE}=/path/to/key, and the same command again",
    )


def _usable(path: Path, public_key: str) -> PrivateKey:
    if not path.is_file():
        raise WorkbenchError(
            f"The private key {path} isn't there.", f"{VARIABLE}=/path/to/key, and the same again"
        )
    try:
        # Paramiko's own search would try each type of key on it, and tell only the last error.
        return PrivateKey(path, paramiko.PKey.from_path(path))
    except (paramiko.PasswordRequiredException, TypeError):
        return PrivateKey(path, _agent_key(path, _blob(public_key)))
    except PermissionError as error:
        raise WorkbenchError(f"The private key {path} can't be read.", f"ls -l {path}") from error
    except (paramiko.SSHException, ValueError, OSError) as error:
        raise WorkbenchError(
            f"{path} is no private key that can be read: {error}", f"{VARIABLE}=/path/to/key"
        ) from error


def _agent_key(path: Path, blob: str) -> paramiko.PKey:
    """Return an encrypted key from the agent: this one only, whatever else it holds."""
    for key in paramiko.Agent().get_keys():
        if key.get_base64().replace("\n", "") == blob:
            return key
    raise WorkbenchError(
        f"The key {path} has a passphrase, and no agent holds it.", f"ssh-add {path}"
    )


def _blob(public_key: str) -> str:
    words = public_key.split()
    return words[1] if len(words) > 1 else ""
