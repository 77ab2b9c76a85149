"""The certificates of AWS's endpoints as a machine sees them, each made when its name is asked."""

import ssl
import tempfile
import threading
from pathlib import Path

from workbench.rehearsal.endpoints.ca import CertificateAuthority
from workbench.rehearsal.iam.request import S3_HOST
from workbench.rehearsal.network.resolution import AWS_SUFFIXES


class EndpointCertificates:
    """A certificate for each endpoint that is asked for, made when it is."""

    def __init__(self, authority: CertificateAuthority) -> None:
        self._authority = authority
        self._contexts: dict[str, ssl.SSLContext] = {}
        self._lock = threading.Lock()
        # What a client without SNI gets: no name of AWS's fits it.
        self.context = self._create("rehearsal.internal")
        self.context.sni_callback = self._choose

    def _choose(
        self, connection: ssl.SSLObject, name: str | None, _context: ssl.SSLContext
    ) -> int | None:
        endpoint = endpoint_of(name) if name else None
        if name and endpoint is None:
            return ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME
        if endpoint is not None:
            with self._lock:
                if endpoint not in self._contexts:
                    self._contexts[endpoint] = self._create(endpoint, f"*.{endpoint}")
                connection.context = self._contexts[endpoint]
        return None

    def _create(self, *names: str) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.set_alpn_protocols(["http/1.1"])
        certificate, key = self._authority.issue(names)
        with tempfile.TemporaryDirectory(prefix="workbench-") as directory:
            path = Path(directory) / "certificate.pem"  # the folder is its owner's only
            path.write_bytes(key + certificate)
            context.load_cert_chain(path)
        return context


def endpoint_of(host: str) -> str | None:
    """Return the name that an endpoint's certificate is for, None for a host not of AWS.

    As with AWS's own, one certificate serves all of a region's buckets, and a bucket whose
    name has dots fits none.
    """
    host = host.lower().rstrip(".")
    if not host.endswith(tuple("." + suffix for suffix in AWS_SUFFIXES)):
        return None
    match = S3_HOST.fullmatch(host)
    if match is not None and match["bucket"]:
        return host[len(match["bucket"]) + 1 :]
    return host
