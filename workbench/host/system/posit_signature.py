"""Verify Posit's signature inside a Debian package.

Run alone: ``python3 -m workbench.host.system.posit_signature FILE KEY``. Standard library, and
gpgv. A Debian package is an ar archive; a signature is one more member of it, of either kind that
there is: debsigs' is over the other members' bytes, dpkg-sig's is over a list of their checksums.
"""

import base64
import hashlib
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

# posit.co/code-signing; the key itself is downloaded, and is this one or none.
FINGERPRINT = "8B65E5A107BBEFE3BA99C59751C0B5BB19F92D60"
KEY_ADDRESS = "https://dl.posit.co/public/open/gpg.51C0B5BB19F92D60.key"
MAGIC = b"!<arch>\n"
HEADER = 60
# SHA-256, -384, -512 and -224 as OpenPGP numbers them (RFC 4880, section 9.4).
STRONG_HASHES = frozenset({"8", "9", "10", "11"})


class SignatureError(Exception):
    """The package isn't Posit's, as far as can be told; the message says why."""


def verify(package: bytes, key: bytes) -> None:
    """Raise SignatureError unless Posit signed all that dpkg would install."""
    members = read_members(package)
    content = {name: data for name, data in members.items() if not name.startswith("_gpg")}
    if not _is_complete(list(content)):
        raise SignatureError("it is no Debian package")
    with tempfile.TemporaryDirectory() as folder:
        keyring = Path(folder) / "posit.gpg"
        keyring.write_bytes(_unarmored(key))
        if "_gpgorigin" in members:
            (signed := Path(folder) / "signed").write_bytes(b"".join(content.values()))
            (signature := Path(folder) / "signature").write_bytes(members["_gpgorigin"])
            _ask_gpgv(keyring, signature, signed)
        elif "_gpgbuilder" in members:
            (signature := Path(folder) / "signature").write_bytes(members["_gpgbuilder"])
            listed = Path(folder) / "listed"
            _ask_gpgv(keyring, "--output", listed, signature)
            _compare(listed.read_text(encoding="utf-8"), content)
        else:
            raise SignatureError("it has no signature")


def read_members(package: bytes) -> dict[str, bytes]:
    """Return the members of an ar archive by their names, in order (ar(5), System V's form)."""
    if not package.startswith(MAGIC):
        raise SignatureError("it is no Debian package")
    members: dict[str, bytes] = {}
    position = len(MAGIC)
    while position < len(package):
        header = package[position : position + HEADER]
        name = header[:16].decode("ascii", "replace").strip().removesuffix("/")
        size = header[48:58].strip()
        if len(header) < HEADER or not size.isdigit() or name in members:
            raise SignatureError("it is no Debian package, or damaged")
        begin = position + HEADER
        members[name] = package[begin : begin + int(size)]
        if len(members[name]) != int(size):
            raise SignatureError("it is cut short")
        position = begin + int(size) + int(size) % 2
    return members


def _is_complete(names: list[str]) -> bool:
    """Say whether these are what dpkg reads, in its order, and nothing else."""
    return (
        len(names) == 3
        and names[0] == "debian-binary"
        and names[1].startswith("control.tar")
        and names[2].startswith("data.tar")
    )


def _ask_gpgv(keyring: Path, *arguments: Path | str) -> None:
    """Raise SignatureError unless the pinned key made the signature, with a strong hash."""
    done = subprocess.run(
        ["gpgv", "--status-fd", "1", "--keyring", str(keyring), *map(str, arguments)],
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    status = [line.split()[1:] for line in done.stdout.splitlines() if line.startswith("[GNUPG:] ")]
    valid = [words for words in status if words[0] == "VALIDSIG"]
    # Not GOODSIG: the key or the signature has expired, or the key was revoked.
    is_good = done.returncode == 0 and [words[0] for words in status].count("GOODSIG") == 1
    if not is_good or len(valid) != 1:
        raise SignatureError("its signature is not Posit's, or not good")
    if valid[0][-1] != FINGERPRINT:
        raise SignatureError(f"it is signed by another key, {valid[0][-1]}")
    if valid[0][8] not in STRONG_HASHES:
        raise SignatureError("its signature uses a hash that is weak")


def _compare(listed: str, content: Mapping[str, bytes]) -> None:
    """Raise SignatureError unless the list that was signed is of these members."""
    rows = {}
    for line in listed.partition("Files:")[2].splitlines():
        if len(words := line.split()) == 4:
            rows[words[3]] = words[:3]
    made = {
        name: [
            hashlib.md5(data, usedforsecurity=False).hexdigest(),
            hashlib.sha1(data, usedforsecurity=False).hexdigest(),
            str(len(data)),
        ]
        for name, data in content.items()
    }
    if rows != made:
        raise SignatureError("its signature is of other content")


def _unarmored(key: bytes) -> bytes:
    """Return a key as gpgv reads it."""
    if not key.startswith(b"-----BEGIN PGP PUBLIC KEY BLOCK-----"):
        return key
    _, _, body = key.decode("ascii").replace("\r\n", "\n").partition("\n\n")
    lines = [line for line in body.splitlines() if line and line[0] not in "=-"]
    return base64.b64decode("".join(lines))


if __name__ == "__main__":
    try:
        verify(Path(sys.argv[1]).read_bytes(), Path(sys.argv[2]).read_bytes())
    except (SignatureError, OSError, ValueError) as error:
        sys.exit(f"Posit's signature can't be verified: {error}")
