"""TLS: the chain points to an authority this computer was told to trust, for long enough."""

import socket
import ssl
from datetime import UTC
from datetime import datetime
from datetime import timedelta

from cryptography import x509

from workbench.checks.check import Outcome
from workbench.checks.check import Result
from workbench.checks.check import failed
from workbench.checks.check import passed
from workbench.checks.check import skipped
from workbench.checks.check import warned
from workbench.checks.http import is_trusted
from workbench.checks.http import unverified_context
from workbench.checks.http import verified_context
from workbench.checks.refusals import read_refusal
from workbench.checks.target import Target

TIMEOUT = 10.0
# Caddy renews when a third of the lifetime is left: 30 of Let's Encrypt's 90 days, two of the six
# that an address has. Later by as much of it, something is wrong.
LATEST = timedelta(days=30)
DELAY = 0.1
# A certificate of fewer days is told by the hour.
SHORT = timedelta(days=10)
# Whose certificates the server gives itself.
OWN = "Caddy Local Authority"


def read_certificate(target: Target, name: str, *, verify: bool = True) -> x509.Certificate:
    """Return the certificate shown for ``name``; raises ssl.SSLError where it can't be trusted."""
    where = target.web_address
    context = verified_context(target) if verify else unverified_context()
    with (
        socket.create_connection((where.ip, where.port(443)), timeout=TIMEOUT) as raw,
        context.wrap_socket(raw, server_hostname=name) as tls,
    ):
        # None only where no certificate is asked for, which a client always does.
        der = tls.getpeercert(binary_form=True)
    return x509.load_der_x509_certificate(der or b"")


def check_chain(target: Target) -> Outcome:
    """Check that every name, or the address, has a certificate that verifies."""
    found = []
    names = list(
        dict.fromkeys([*target.names, *map(target.host_of, target.services), *target.people_names])
    )
    for name in names:
        try:
            found.append(read_certificate(target, name))
        except ssl.SSLError as error:
            return _distrusted(target, name, error)
    return passed(f"{', '.join(names)} verified, issued by {_issuer(found[0])}")


def _distrusted(target: Target, name: str, error: ssl.SSLError) -> Outcome:
    """Say what is wrong, and why the server has nothing better."""
    if not isinstance(error, ssl.SSLCertVerificationError):
        reason, fix = read_refusal(target, name)
        return failed(f"the server shows no certificate for {name}: {reason}", fix)
    shown = read_certificate(target, name, verify=False)
    if _issuer(shown).startswith(OWN):
        reason, fix = read_refusal(target, name)
        said = f"{name} has a self-signed certificate, which browsers warn about: {reason}"
        # Without a domain that is how it was meant to end, where no authority helps.
        return failed(said, fix) if target.outputs.get("domain") else warned(said, fix)
    return failed(_why(shown, name, error))


def _why(shown: x509.Certificate, name: str, error: ssl.SSLCertVerificationError) -> str:
    """Say what is wrong with the certificate that is shown: its dates, its names, its issuer."""
    reason = error.verify_message
    now, begin, end = datetime.now(UTC), shown.not_valid_before_utc, shown.not_valid_after_utc
    if now > end:
        ago = (now - end).days
        return f"the certificate of {name} expired on {end:%Y-%m-%d}, {ago} days ago ({reason})"
    if now < begin:
        return f"the certificate of {name} begins on {begin:%Y-%m-%d}: is a clock wrong? ({reason})"
    names = _names(shown)
    if "mismatch" in reason:
        return f"the certificate is for {', '.join(names) or 'no name'}, not for {name}"
    return f"the certificate of {name} is issued by {_issuer(shown)}, and isn't trusted: {reason}"


def _names(certificate: x509.Certificate) -> list[str]:
    try:
        found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except x509.ExtensionNotFound:
        return []
    addresses = found.value.get_values_for_type(x509.IPAddress)
    return [*found.value.get_values_for_type(x509.DNSName), *map(str, addresses)]


def check_expiry(target: Target) -> Outcome:
    """Check that the certificate is good for a while: that it was renewed when that was due."""
    name = target.names[0]
    if not target.outputs.get("domain") and not is_trusted(target):
        return skipped("the server renews its self-signed certificate itself")
    certificate = read_certificate(target, name)
    end, lifetime = certificate.not_valid_after_utc, _lifetime(certificate)
    left, due = end - datetime.now(UTC), min(LATEST, lifetime / 3)
    if lifetime < SHORT:
        said = (
            f"expires {end:%Y-%m-%d %H:%M} UTC, in {_hours(left)}, renewed with {_hours(due)} left"
        )
    else:
        said = f"expires {end:%Y-%m-%d}, in {left.days} days"
    if left >= due * (1 - DELAY):
        return passed(said)
    reason, fix = read_refusal(target, name)
    return warned(f"{said}, and renewing it is overdue: {reason}", fix)


def _lifetime(certificate: x509.Certificate) -> timedelta:
    return certificate.not_valid_after_utc - certificate.not_valid_before_utc


def _hours(time: timedelta) -> str:
    hours = time // timedelta(hours=1)
    return f"{hours // 24} days {hours % 24} hours" if hours >= 24 else f"{hours} hours"


def tell_certificate(target: Target) -> str | None:
    """Say in a line whether browsers trust the workbench; None where nothing answers."""
    if target.address is None:
        return None
    try:
        chain = check_chain(target)
        shown = check_expiry(target) if chain.result is Result.PASS else chain
    except OSError:
        return None
    said = f"trusted, {shown.evidence}" if shown is not chain else shown.evidence
    fix = shown.fix.replace("{stack}", target.stack)
    return f"{said}\n{fix}" if fix else said


def _issuer(certificate: x509.Certificate) -> str:
    names = certificate.issuer.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
    return str(names[0].value) if names else certificate.issuer.rfc4514_string()
