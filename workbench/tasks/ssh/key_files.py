"""SSH key pairs made on this computer."""

import os
from pathlib import Path

from workbench.tasks.ssh.own_files import make_folder
from workbench.writing import put_file


def make_key_pair(path: Path, comment: str) -> str:
    """Make an ed25519 key pair at ``path`` and ``path.pub``; return the public half's line.

    A pair that is there stays, so that a command that was interrupted continues it.
    """
    public = public_half(path)
    if path.exists() and public.exists():
        return public.read_text(encoding="ascii").strip()
    private_text, public_text = _generate(comment)
    make_folder(path.parent)
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(private_text)
    public.write_text(f"{public_text}\n", encoding="ascii")
    return public_text


def public_half(path: Path) -> Path:
    """Return where a key's public half is."""
    return path.with_name(f"{path.name}.pub")


def move_key_pair(source: Path, target: Path) -> None:
    """Move a pair; interrupted at any point, one of the two is whole, and again ends it."""
    for half in (source, public_half(source)):
        if half.exists():
            place = target if half == source else public_half(target)
            put_file(place, half.read_bytes(), mode=0o600 if half == source else 0o644)
    public_half(source).unlink(missing_ok=True)
    source.unlink(missing_ok=True)


def _generate(comment: str) -> tuple[bytes, str]:
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    key = Ed25519PrivateKey.generate()
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.OpenSSH,
        serialization.NoEncryption(),
    )
    public = key.public_key().public_bytes(
        serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH
    )
    return private, f"{public.decode('ascii')} {comment}"
