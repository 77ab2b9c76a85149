"""The rehearsal's own certificate authority."""

import datetime
import ssl

import pytest
from cryptography import x509

from workbench.rehearsal.endpoints.ca import ensure_ca


def test_the_same_authority_is_kept_from_start_to_start(tmp_path):
    first = ensure_ca(tmp_path / "ca")
    assert ensure_ca(tmp_path / "ca").pem == first.pem


def test_only_its_owner_reads_the_key(tmp_path):
    authority = ensure_ca(tmp_path)
    assert authority.key_path.stat().st_mode & 0o777 == 0o600
    assert b"PRIVATE" not in authority.cert_path.read_bytes()


@pytest.mark.parametrize("broken", ["rehearsal-ca.pem", "rehearsal-ca.key"])
def test_an_authority_that_cannot_be_used_is_made_anew(tmp_path, broken):
    before = ensure_ca(tmp_path).pem
    (tmp_path / broken).write_text("half a file")
    authority = ensure_ca(tmp_path)
    assert authority.pem != before
    assert authority.usable


def test_a_certificate_without_its_own_key_is_not_used(tmp_path):
    one, other = ensure_ca(tmp_path / "one"), ensure_ca(tmp_path / "other")
    before = one.pem
    one.key_path.write_bytes(other.key_path.read_bytes())
    assert ensure_ca(tmp_path / "one").pem != before


def test_a_client_that_trusts_the_authority_accepts_its_certificates(tmp_path):
    authority = ensure_ca(tmp_path)
    certificate, key = authority.issue(["s3.us-east-1.amazonaws.com"], ["127.0.0.1"])
    (tmp_path / "server.pem").write_bytes(key + certificate)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "server.pem")
    trusting = ssl.create_default_context(cafile=str(authority.cert_path))
    trusting.verify_flags |= ssl.VERIFY_X509_STRICT

    for name in ("s3.us-east-1.amazonaws.com", "127.0.0.1"):
        handshake(context, trusting, name)
    with pytest.raises(ssl.SSLCertVerificationError, match="Hostname mismatch"):
        handshake(context, trusting, "s3.eu-west-1.amazonaws.com")


def test_a_name_too_long_for_a_common_name_is_still_certified(tmp_path):
    name = "a" * 60 + ".s3.us-east-1.amazonaws.com"
    certificate = x509.load_pem_x509_certificate(ensure_ca(tmp_path).issue([name])[0])
    alternatives = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    assert alternatives.value.get_values_for_type(x509.DNSName) == [name]
    assert certificate.not_valid_before_utc < datetime.datetime.now(datetime.UTC)


def handshake(server, client, name):
    """Shake hands over two pipes in memory; raise what the client thinks of it."""
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    ends = [
        server.wrap_bio(to_server, to_client, server_side=True),
        client.wrap_bio(to_client, to_server, server_hostname=name),
    ]
    for _ in range(6):
        for end in ends:
            try:
                end.do_handshake()
            except ssl.SSLWantReadError:
                continue
    assert ends[1].getpeercert()
