"""TLS: the chain leads to an authority this computer was told to trust, for long enough."""

import socket
import ssl
from datetime import UTC
from datetime import datetime

from cryptography import x509

from workbench.checks.check import Outcome
from workbench.checks.check import failed
from workbench.checks.check import passed
from workbench.checks.check import warned
from workbench.checks.http import tls_context
from workbench.checks.http import unverified_context
from workbench.checks.target import Target

TIMEOUT = 10.0
# Caddy renews when a third of the lifetime is left: 30 of Let's Encrypt's 90 days.
FEW_DAYS = 30
SET_DOMAIN = (
    "pulumi config set workbench:domain YOUR.DOMAIN --stack {stack} && workbench up --stack {stack}"
)


def read_certificate(target: Target, name: str, *, verify: bool = True) -> x509.Certificate:
    """Return the certificate shown for ``name``; raises ssl.SSLError where it can't be trusted."""
    where = target.where
    context = tls_context(target) if verify else unverified_context()
    with (
        socket.create_connection((where.ip, where.port(443)), timeout=TIMEOUT) as raw,
        context.wrap_socket(raw, server_hostname=name) as tls,
    ):
        der = tls.getpeercert(binary_form=True)
    if der is None:
        raise ssl.SSLError("no certificate was shown")
    return x509.load_der_x509_certificate(der)


def check_chain(target: Target) -> Outcome:
    """Check that every name has a certificate that verifies."""
    if not target.outputs.get("domain"):
        return warned("without a domain the certificate is the server's own", SET_DOMAIN)
    found = []
    names = list(dict.fromkeys([*target.names, target.rstudio_name, *target.people_names]))
    for name in names:
        try:
            found.append(read_certificate(target, name))
        except ssl.SSLError as error:
            return failed(_why(target, name, error))
    return passed(f"{', '.join(names)} verified, issued by {_issuer(found[0])}")


def _why(target: Target, name: str, error: ssl.SSLError) -> str:
    """Say what is wrong with the certificate that is shown: its dates, its names, its issuer."""
    reason = getattr(error, "verify_message", "") or error.reason or str(error)
    if not isinstance(error, ssl.SSLCertVerificationError):
        return f"the server shows no certificate for {name} ({reason}): Caddy has none yet"
    shown = read_certificate(target, name, verify=False)
    now, begin, end = datetime.now(UTC), shown.not_valid_before_utc, shown.not_valid_after_utc
    if now > end:
        ago = (now - end).days
        return f"the certificate of {name} expired on {end:%Y-%m-%d}, {ago} days ago ({reason})"
    if now < begin:
        return f"the certificate of {name} begins on {begin:%Y-%m-%d}: is a clock wrong? ({reason})"
    names = _names(shown)
    if "hostname" in reason.lower() or "mismatch" in reason.lower():
        return f"the certificate is for {', '.join(names) or 'no name'}, not for {name}"
    return f"the certificate of {name} is issued by {_issuer(shown)}, not to be trusted: {reason}"


def _names(certificate: x509.Certificate) -> list[str]:
    try:
        found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except x509.ExtensionNotFound:
        return []
    return list(found.value.get_values_for_type(x509.DNSName))


def check_expiry(target: Target) -> Outcome:
    """Check that the certificate is good for a while."""
    certificate = read_certificate(target, target.names[0])
    end = certificate.not_valid_after_utc
    days = (end - datetime.now(UTC)).days
    # Pebble's and others' short certificates are renewed at a third of their life, too.
    lifetime = (end - certificate.not_valid_before_utc).days
    said = f"expires {end:%Y-%m-%d}, in {days} days"
    return passed(said) if days >= min(FEW_DAYS, lifetime // 3) else warned(said)


def _issuer(certificate: x509.Certificate) -> str:
    names = certificate.issuer.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
    return str(names[0].value) if names else certificate.issuer.rfc4514_string()
