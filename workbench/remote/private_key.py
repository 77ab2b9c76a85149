"""The private key on this computer that fits one of the stack's public keys."""

import os
import sys
from collections.abc import Iterable
from collections.abc import Iterator
from pathlib import Path

import paramiko

from workbench.errors import WorkbenchError
from workbench.remote.key_folder import key_folders
from workbench.remote.ssh_target import PrivateKey

VARIABLE = "WORKBENCH_SSH_KEY"
# In the rehearsal's folder.
REHEARSAL_KEY = Path("ssh") / "id_ed25519"


def find_private_key(*public_keys: str, folders: Iterable[Path] | None = None) -> PrivateKey:
    """Return the key for the first of ``public_keys`` (OpenSSH lines) that has one here.

    The one named by $WORKBENCH_SSH_KEY wins; else ``folders`` are searched for a file whose
    public half it is, ~/.ssh where none are named.
    """
    named = os.environ.get(VARIABLE)
    if named:
        path = Path(named).expanduser()
        return read_private_key(path, _public_half(path) or next(iter(public_keys), ""))
    searched = list(key_folders() if folders is None else folders)
    refused: WorkbenchError | None = None
    for path, public_key in _candidates(public_keys, searched):
        try:
            return read_private_key(path, public_key)
        except WorkbenchError as error:
            # Another one may do: of an administrator's keys, any.
            refused = refused or error
    where = " or ".join(str(folder) for folder in searched)
    raise refused or WorkbenchError(
        f"No private key in {where} fits the stack's public key (workbench:publicKey).",
        f"{VARIABLE}=/path/to/key, then the same command again",
    )


def _candidates(public_keys: Iterable[str], folders: list[Path]) -> Iterator[tuple[Path, str]]:
    texts = list(read_public_halves(folders))
    for public_key in public_keys:
        for path, text in texts:
            if _blob(text) and _blob(text) == _blob(public_key):
                yield path, public_key


def read_public_halves(folders: Iterable[Path]) -> Iterator[tuple[Path, str]]:
    """Give each private key's path and its public half's text, as the folders' *.pub tell them."""
    for half in (half for folder in folders for half in sorted(folder.glob("*.pub"))):
        try:
            text = half.read_text("utf-8", "replace")
        except OSError:
            # A person's folder may have anything of that name: a link to nowhere, a folder.
            continue
        yield half.with_suffix(""), text


def read_private_key(path: Path, public_key: str) -> PrivateKey:
    """Return the key in a file; from the agent where the file has a passphrase."""
    if not path.is_file():
        raise WorkbenchError(
            f"The private key {path} isn't there.", f"{VARIABLE}=/path/to/key, and the same again"
        )
    _refuse_open(path)
    try:
        # Paramiko's own search would try each type of key on it, and tell only the last error.
        return PrivateKey(path, paramiko.PKey.from_path(path))
    except (paramiko.PasswordRequiredException, TypeError):
        return PrivateKey(path, _agent_key(path, _blob(public_key)))
    except PermissionError as error:
        raise WorkbenchError(f"The private key {path} can't be read.", f"ls -l {path}") from error
    except (paramiko.SSHException, ValueError, OSError) as error:
        raise WorkbenchError(
            f"{path} isn't a private key that can be read: {error}", f"{VARIABLE}=/path/to/key"
        ) from error


def _refuse_open(path: Path) -> None:
    """Raise for a key that others may read: OpenSSH takes no such key, by this very rule."""
    if sys.platform == "win32":
        return
    told = path.stat()
    if told.st_uid == os.getuid() and told.st_mode & 0o077:
        raise WorkbenchError(
            f"The private key {path} can be read by others on this computer, so OpenSSH refuses"
            " it.",
            f"chmod 600 {path}",
        )


def _agent_key(path: Path, blob: str) -> paramiko.PKey:
    """Return an encrypted key from the agent: this one only, whatever else it holds."""
    for key in paramiko.Agent().get_keys():
        if key.get_base64().replace("\n", "") == blob:
            return key
    raise WorkbenchError(
        f"The key {path} has a passphrase, and no SSH agent has it loaded.", f"ssh-add {path}"
    )


def _public_half(path: Path) -> str:
    half = path.with_name(f"{path.name}.pub")
    return half.read_text("utf-8", "replace") if half.is_file() else ""


def _blob(public_key: str) -> str:
    words = public_key.split()
    return words[1] if len(words) > 1 else ""
