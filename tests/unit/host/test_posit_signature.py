"""Only a package that Posit's key signed whole is let in without a checksum."""

import hashlib
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from workbench.host.system import posit_signature
from workbench.host.system.posit_signature import SignatureError
from workbench.host.system.posit_signature import read_members
from workbench.host.system.posit_signature import verify

pytestmark = pytest.mark.skipif(
    not all(map(shutil.which, ("gpg", "gpgv", "ar", "dpkg-deb"))), reason="needs gpg and dpkg-deb"
)
Gpg = Callable[..., bytes]


class Signer:
    """Someone with a key of their own."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(mode=0o700)
        self._options = ["gpg", "--homedir", str(folder), "--batch", "--quiet", "--yes"]
        self.run("--passphrase", "", "--quick-generate-key", "x@example.org", "ed25519", "sign")
        listed = self.run("--with-colons", "--list-keys").decode().splitlines()
        self.fingerprint = next(line.split(":")[9] for line in listed if line[:4] == "fpr:")
        self.key = self.run("--armor", "--export")

    def run(self, *arguments: str, stdin: bytes = b"") -> bytes:
        return subprocess.run(
            [*self._options, *arguments], input=stdin, capture_output=True, check=True
        ).stdout

    def detached(self, package: bytes) -> bytes:
        """Sign as debsigs does."""
        signed = b"".join(read_members(package).values())
        return with_member(package, "_gpgorigin", self.run("--detach-sign", stdin=signed))

    def listed(self, package: bytes, *options: str) -> bytes:
        """Sign as dpkg-sig does."""
        rows = "".join(
            f"\t{hashlib.md5(data).hexdigest()} {hashlib.sha1(data).hexdigest()} "
            f"{len(data)} {name}\n"
            for name, data in read_members(package).items()
        )
        text = f"Version: 4\nSigner: \nDate: today\nRole: builder\nFiles: \n{rows}"
        signed = self.run(*options, "--clear-sign", stdin=text.encode())
        return with_member(package, "_gpgbuilder", signed)


def with_member(package: bytes, name: str, data: bytes) -> bytes:
    header = f"{name:<16}{0:<12}{0:<6}{0:<6}{'100644':<8}{len(data):<10}`\n".encode()
    return package + header + data + b"\n" * (len(data) % 2)


@pytest.fixture(scope="module")
def posit(tmp_path_factory: pytest.TempPathFactory) -> Signer:
    return Signer(tmp_path_factory.mktemp("posit") / "gpg")


@pytest.fixture(scope="module")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> Signer:
    return Signer(tmp_path_factory.mktemp("stranger") / "gpg")


@pytest.fixture(autouse=True)
def pinned(posit: Signer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(posit_signature, "FINGERPRINT", posit.fingerprint)


@pytest.fixture
def package(tmp_path: Path) -> bytes:
    control = tmp_path / "tree" / "DEBIAN" / "control"
    control.parent.mkdir(parents=True)
    control.write_text(
        "Package: x\nVersion: 1\nArchitecture: all\nMaintainer: x <x@x.org>\nDescription: x\n"
    )
    built = tmp_path / "x.deb"
    subprocess.run(["dpkg-deb", "-b", tmp_path / "tree", built], check=True, capture_output=True)
    return built.read_bytes()


@pytest.mark.parametrize("sign", [Signer.detached, Signer.listed])
def test_what_posit_signed_is_let_in(posit: Signer, package: bytes, sign) -> None:
    verify(sign(posit, package), posit.key)
    # The key in either form.
    verify(sign(posit, package), posit.run("--export"))


@pytest.mark.parametrize("sign", [Signer.detached, Signer.listed])
def test_what_was_changed_after_it_was_signed_is_not(posit: Signer, package: bytes, sign) -> None:
    signed = sign(posit, package)
    data = list(read_members(package).values())[-1]
    changed = signed.replace(data, bytes([data[0] ^ 1]) + data[1:])
    with pytest.raises(SignatureError):
        verify(changed, posit.key)


@pytest.mark.parametrize("sign", [Signer.detached, Signer.listed])
def test_what_another_key_signed_is_not(
    posit: Signer, stranger: Signer, package: bytes, sign
) -> None:
    signed = sign(stranger, package)
    # Not even when the address of the key gives theirs, or both.
    for key in (posit.key, stranger.key, posit.run("--export") + stranger.run("--export")):
        with pytest.raises(SignatureError):
            verify(signed, key)


def test_what_was_added_to_a_signed_package_is_not_let_in(posit: Signer, package: bytes) -> None:
    signature = read_members(posit.listed(package))["_gpgbuilder"]
    grown = with_member(package, "data.tar.gz", b"more")
    with pytest.raises(SignatureError, match="no Debian package"):
        verify(with_member(grown, "_gpgbuilder", signature), posit.key)


def test_a_weak_hash_is_not_enough(posit: Signer, package: bytes) -> None:
    signed = posit.listed(package, "--digest-algo", "SHA1")
    with pytest.raises(SignatureError, match=r"weak|not good"):
        verify(signed, posit.key)


def test_what_has_no_signature_is_told(posit: Signer, package: bytes) -> None:
    with pytest.raises(SignatureError, match="it has no signature"):
        verify(package, posit.key)
    for damaged in (b"", b"<html>", package[:-10], package[:70]):
        with pytest.raises(SignatureError):
            verify(damaged, posit.key)
