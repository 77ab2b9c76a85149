"""People's public keys: taken from files or text, told apart, and shown by their fingerprint."""

import base64
import hashlib
from collections.abc import Iterable
from collections.abc import Mapping
from collections.abc import Sequence
from pathlib import Path

from workbench.errors import WorkbenchError
from workbench.terminal import escape_name

# Longer than any public key's file; nobody means a disk image.
LARGEST = 1 << 20
OPTION = "--public-key"


def read_public_keys(given: Iterable[str]) -> tuple[str, ...]:
    """Return the keys of files or texts, each checked, none twice.

    What isn't a public key is never repeated in an error: it may be a private one.
    """
    keys: dict[str, str] = {}
    for value in given:
        for key in _keys_of(value):
            keys.setdefault(fingerprint(key), key)
    return tuple(keys.values())


def _keys_of(value: str) -> list[str]:
    # Imports Pulumi.
    from workbench.components.validation import check_public_key

    path = _file(value)
    text = _read(path) if path else value
    _refuse_private(text, path)
    if not path and len(value.split()) < 2:
        # Half a private key has no blank in it either.
        named = f": there is no file {value}" if value.endswith(".pub") else ""
        raise WorkbenchError(
            f"The value of {OPTION} is neither a file nor a public key{named}.",
            f"{OPTION} ~/.ssh/id_ed25519.pub   or the text in such a file, in quotes",
        )
    lines = [line.strip() for line in text.splitlines()]
    what = f"A key in {path}" if path else OPTION
    keys = [check_public_key(line, what) for line in lines if line and not line.startswith("#")]
    if not keys:
        raise WorkbenchError(f"There is no public key in {path}.", "ssh-keygen -t ed25519")
    return keys


def _file(value: str) -> Path | None:
    """Return the file that a value names; None for what is no file's name."""
    try:
        path = Path(value).expanduser()
        return path if path.is_file() else None
    except (OSError, ValueError, RuntimeError):
        # Longer than a name can be, as a key's text is; a home that nobody has.
        return None


def _read(path: Path) -> str:
    with path.open("rb") as file:
        return file.read(LARGEST).decode("utf-8", errors="replace")


def _refuse_private(text: str, path: Path | None) -> None:
    if "PRIVATE KEY" not in text and not text.startswith("PuTTY-User-Key-File"):
        return
    what = f"{path} is" if path else f"The value of {OPTION} is"
    public = path.with_name(f"{path.name}.pub") if path else None
    if public is not None and public.is_file():
        hint = f"{OPTION} {public}   is its public half"
    else:
        hint = f"{OPTION} takes the public half, a file that ends in .pub"
    raise WorkbenchError(f"{what} a private key, which never leaves its owner's computer.", hint)


def fingerprint(key: str) -> str:
    """Return a public key's fingerprint, as ssh-keygen shows it."""
    digest = hashlib.sha256(base64.b64decode(key.split()[1])).digest()
    return "SHA256:" + base64.b64encode(digest).decode().rstrip("=")


def described(key: str) -> str:
    """Return a key in a few words: kind, fingerprint, comment."""
    return " ".join(
        filter(None, (key.partition(" ")[0], fingerprint(key), escape_name(comment(key))))
    )


def comment(key: str) -> str:
    """Return a public key's comment, which may be empty."""
    return key.partition(" ")[2].partition(" ")[2].strip()


def find_keys(keys: Sequence[str], wanted: str) -> list[str]:
    """Return the keys meant by a fingerprint (or its beginning), a comment, a file or the text."""
    found = find_marks({fingerprint(key): comment(key) for key in keys}, wanted)
    return [key for key in keys if fingerprint(key) in found]


def find_marks(comments: Mapping[str, str], wanted: str) -> list[str]:
    """Return the fingerprints meant, of those that ``comments`` has, in the same words."""
    if _file(wanted) or wanted.partition(" ")[2].startswith("AAAA"):
        given = {fingerprint(key) for key in read_public_keys([wanted])}
        return [mark for mark in comments if mark in given]
    prefix = wanted if wanted.startswith("SHA256:") else f"SHA256:{wanted}"
    return [mark for mark in comments if mark.startswith(prefix)] or [
        mark for mark, said in comments.items() if said == wanted
    ]
