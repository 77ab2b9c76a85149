"""The certificate authorities this computer trusts beyond its distribution's own.

A company's network, or a proxy that looks into TLS, has one; a machine on this computer is behind
the same network and has to trust the same.
"""

import os
import re
from pathlib import Path

_PEM = re.compile(r"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)
# Where administrators put their own: Debian and Ubuntu, Fedora, Arch, SUSE.
_OWN = (
    "usr/local/share/ca-certificates",
    "etc/pki/ca-trust/source/anchors",
    "etc/ca-certificates/trust-source/anchors",
    "etc/pki/trust/anchors",
)
_BUNDLE = "etc/ssl/certs/ca-certificates.crt"
_DISTRIBUTION = "usr/share/ca-certificates"


def extra_certificates(root: Path = Path("/")) -> list[str]:
    """Return the certificates (PEM) trusted here and not by the distribution, in a fixed order."""
    extra: set[str] = set()
    for folder in _OWN:
        extra.update(_certificates_below(root / folder))
    distribution = _certificates_below(root / _DISTRIBUTION)
    # Without a list of the distribution's own, a bundle can't be told apart.
    if distribution:
        extra.update(_certificates_in(root / _BUNDLE) - distribution)
        named = os.environ.get("SSL_CERT_FILE")
        if named:
            extra.update(_certificates_in(Path(named)) - distribution)
    return sorted(extra)


def _certificates_below(folder: Path) -> set[str]:
    found: set[str] = set()
    for path in folder.rglob("*"):
        if path.suffix in {".crt", ".pem", ".cer"}:
            found |= _certificates_in(path)
    return found


def _certificates_in(path: Path) -> set[str]:
    try:
        text = path.read_text(encoding="ascii", errors="replace")
    except OSError:
        return set()
    return {"\n".join(line.strip() for line in pem.splitlines()) for pem in _PEM.findall(text)}
