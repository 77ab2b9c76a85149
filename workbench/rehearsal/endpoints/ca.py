"""The rehearsal's own certificate authority: what machines trust for AWS's host names."""

import datetime
import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID
from cryptography.x509.oid import NameOID

from workbench.writing import put_file

CERTIFICATE = "rehearsal-ca.pem"
KEY = "rehearsal-ca.key"
AUTHORITY_DAYS = 3650
# Apple's and Chromium's limit for a server's certificate is 398 days.
SERVER_DAYS = 365
_SIGNING = ("key_cert_sign", "crl_sign")
_USAGES = (
    *("digital_signature", "content_commitment", "key_encipherment", "data_encipherment"),
    *("key_agreement", "encipher_only", "decipher_only"),
    *_SIGNING,
)
# Machines' clocks may be a little behind this computer's.
BACKDATED = datetime.timedelta(hours=1)


@dataclass(frozen=True)
class CertificateAuthority:
    """A certificate authority on disk: its certificate, and the key that only root reads."""

    cert_path: Path
    key_path: Path

    def issue(self, names: Iterable[str], ips: Iterable[str] = ()) -> tuple[bytes, bytes]:
        """Return (certificate, private key) as PEM for DNS names and IP addresses.

        The first name is the common name too, where it is short enough for one.
        """
        names = list(names)
        alternatives: list[x509.GeneralName] = [x509.DNSName(name) for name in names]
        alternatives += [x509.IPAddress(ipaddress.ip_address(ip)) for ip in ips]
        key = ec.generate_private_key(ec.SECP256R1())
        # X.520 allows a common name 64 characters; the alternative names are what counts.
        short = [name for name in names if len(name) <= 64][:1]
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name) for name in short])
        issuer = self._certificate.subject
        certificate = (
            _builder(subject, issuer, key.public_key(), SERVER_DAYS, authority=False)
            # RFC 5280: critical when the subject is empty.
            .add_extension(x509.SubjectAlternativeName(alternatives), critical=not short)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()),
                critical=False,
            )
            .sign(self._key, hashes.SHA256())
        )
        return _pem(certificate), _key_pem(key)

    @property
    def pem(self) -> bytes:
        """The authority's certificate as PEM."""
        return _pem(self._certificate)

    @property
    def usable(self) -> bool:
        """Whether the files are there, belong together, and outlive what they issue."""
        try:
            certificate, key = self._certificate, self._key
        except (OSError, ValueError, TypeError):
            return False
        needed = datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=SERVER_DAYS)
        return (
            certificate.public_key() == key.public_key()
            and certificate.not_valid_after_utc > needed
        )

    @cached_property
    def _certificate(self) -> x509.Certificate:
        return x509.load_pem_x509_certificate(self.cert_path.read_bytes())

    @cached_property
    def _key(self) -> ec.EllipticCurvePrivateKey:
        key = serialization.load_pem_private_key(self.key_path.read_bytes(), password=None)
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise ValueError(f"{self.key_path} is not the key of a rehearsal's authority")
        return key


def ensure_ca(directory: Path) -> CertificateAuthority:
    """Return the authority kept in ``directory``; make one when there is none that can be used.

    The same one is kept from start to start: machines have it in their trust store.
    """
    authority = CertificateAuthority(directory / CERTIFICATE, directory / KEY)
    if authority.usable:
        return authority
    directory.mkdir(parents=True, exist_ok=True)
    certificate, key = _create_authority()
    # The key first: a certificate without its key would be taken for a usable one by a reader.
    put_file(authority.key_path, key, mode=0o600)
    put_file(authority.cert_path, certificate, mode=0o644)
    return CertificateAuthority(authority.cert_path, authority.key_path)


def _create_authority() -> tuple[bytes, bytes]:
    key = ec.generate_private_key(ec.SECP256R1())
    identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    # The digest tells the authorities of several rehearsals apart in a trust store.
    name = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "DIY workbench"),
            x509.NameAttribute(
                NameOID.COMMON_NAME, f"DIY workbench rehearsal CA {identifier.digest.hex()[:8]}"
            ),
        ]
    )
    certificate = (
        _builder(name, name, key.public_key(), AUTHORITY_DAYS, authority=True)
        .add_extension(identifier, critical=False)
        .sign(key, hashes.SHA256())
    )
    return _pem(certificate), _key_pem(key)


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePublicKey,
    days: int,
    *,
    authority: bool,
) -> x509.CertificateBuilder:
    now = datetime.datetime.now(datetime.UTC)
    usage = dict.fromkeys(_USAGES, False)
    usage |= dict.fromkeys(_SIGNING if authority else ("digital_signature",), True)
    constraints = x509.BasicConstraints(ca=authority, path_length=0 if authority else None)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - BACKDATED)
        .not_valid_after(now + datetime.timedelta(days=days))
        .add_extension(constraints, critical=True)
        .add_extension(x509.KeyUsage(**usage), critical=True)
    )


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _key_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
