"""The key pair that a person gets in by: the one there is, or a new one by ssh-keygen."""

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from workbench.errors import ConfigError
from workbench.errors import MissingToolError
from workbench.errors import WorkbenchError
from workbench.remote.key_folder import key_folders
from workbench.remote.key_folder import ssh_folder
from workbench.tasks.init.interview import Interview
from workbench.tasks.users.public_keys import described
from workbench.tasks.users.public_keys import read_public_keys

OPTION = "--public-key"
PRESENT = "the present one"
# Of those in a person's folder, the kind that is better and the one that is older.
_USUAL = ("id_ed25519.pub", "id_rsa.pub")
_NEW = "id_ed25519.pub"


@dataclass(frozen=True)
class KeyChoice:
    """A public key: its text, or the path of a pair that is yet to be made."""

    text: str = ""
    path: Path | None = None

    def __str__(self) -> str:
        return described(self.text) if self.path is None else f"a new one: {self.path}"

    def public_key(self, *, ask_passphrase: bool) -> str:
        """Return the public key's text; makes the pair where there is none yet."""
        if self.path is None:
            return self.text
        return _make(self.path, ask_passphrase=ask_passphrase)


def ask_key(
    interview: Interview, given: str | None, present: str | None, *, make: bool
) -> KeyChoice:
    """Return the administrator's key; ``present`` is the one configured already."""
    places = [folder / name for folder in key_folders() for name in _USUAL]
    usual = [path for path in places if path.is_file()]
    new = ssh_folder() / _NEW
    default = PRESENT if present else str(usual[0]) if usual else ""
    if not default and (interview.interactive or make):
        default = str(new)

    def check(text: str) -> KeyChoice:
        if text == PRESENT and present:
            return KeyChoice(present)
        path = Path(text).expanduser() if text.endswith(".pub") else None
        if path is None or path.exists():
            return KeyChoice(_read(text))
        return _to_be_made(path, interview, make=make)

    return interview.answer("Public key, a file", OPTION, given, check, default)


def _read(given: str) -> str:
    from workbench.components.validation import KEY_PAIR_TYPES
    from workbench.components.validation import check_public_key

    keys = read_public_keys([given])
    if len(keys) != 1:
        raise ConfigError(f"{given} holds {len(keys)} keys, but the server takes only one.")
    return check_public_key(keys[0], "The public key", KEY_PAIR_TYPES)


def _to_be_made(path: Path, interview: Interview, *, make: bool) -> KeyChoice:
    private = path.with_suffix("")
    if private.exists():
        raise WorkbenchError(
            f"The private key {private} is there, but not its public half.",
            f"ssh-keygen -y -f {private} > {path}",
        )
    if not interview.agrees(f"There is no {path}. Make a new key pair?", given=make):
        raise WorkbenchError(f"There is no key {path}.", "--make-key creates one there")
    return KeyChoice(path=path.absolute())


def _make(path: Path, *, ask_passphrase: bool) -> str:
    """Make a key pair; ssh-keygen itself asks for its passphrase, if there is a terminal."""
    tool = shutil.which("ssh-keygen")
    if tool is None:
        raise MissingToolError(
            "This computer has no ssh-keygen to create a key with.",
            "Install OpenSSH's client, or give another key: --public-key FILE",
        )
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    silent = [] if ask_passphrase else ["-q", "-N", ""]
    done = subprocess.run([tool, "-t", "ed25519", "-f", path.with_suffix(""), *silent])
    if done.returncode != 0 or not path.is_file():
        raise WorkbenchError("ssh-keygen didn't create a key.", f"ls -l {path.parent}")
    return path.read_text(encoding="utf-8").strip()
