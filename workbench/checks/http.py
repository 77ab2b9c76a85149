"""HTTP to a workbench by its names, wherever they lead on this computer."""

import socket
import ssl
from functools import lru_cache
from pathlib import Path

import httpx

from workbench.checks.target import Address
from workbench.checks.target import Target

# RStudio Server tells browsers from programs by it, and answers only browsers with a redirect.
BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
TIMEOUT = 15.0


def tls_context(target: Target) -> ssl.SSLContext:
    """Return a context that trusts the target's certificate authority, or the public ones.

    Without a domain the server may have no certificate but its own, for which nobody vouches; the
    check named "certificate" warns about that.
    """
    if target.verified or target.outputs.get("domain") or is_trusted(target):
        return verified_context(target)
    return unverified_context()


def is_trusted(target: Target) -> bool:
    """Return whether an authority vouches for what answers at the target's first name."""
    where, context = target.web_address, verified_context(target)
    try:
        with socket.create_connection((where.ip, where.port(443)), timeout=TIMEOUT) as raw:
            context.wrap_socket(raw, server_hostname=target.names[0]).close()
    except OSError:
        return False
    return True


def verified_context(target: Target) -> ssl.SSLContext:
    """Return a context that takes no certificate but one that can be trusted."""
    return _verified_context(target.ca_certificate)


@lru_cache(maxsize=4)
def _verified_context(ca_certificate: Path | None) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(ca_certificate) if ca_certificate else None)


@lru_cache(maxsize=1)
def unverified_context() -> ssl.SSLContext:
    """Return a context that takes any certificate: to look at it, not to tell it anything."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


class AddressTransport(httpx.BaseTransport):
    """Send every request to one address, as if DNS had said so.

    The name stays what certificate, server name indication and ``Host`` are about; so a check
    sees what a browser will see before (and whether or not) DNS has the name.
    """

    def __init__(self, address: Address, context: ssl.SSLContext) -> None:
        self._address = address
        self._http = httpx.HTTPTransport(verify=context, retries=1)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send the request, its name kept, to the address."""
        port = request.url.port or (443 if request.url.scheme == "https" else 80)
        sent = httpx.Request(
            request.method,
            request.url.copy_with(host=self._address.ip, port=self._address.port(port)),
            headers=request.headers,
            stream=request.stream,
            extensions=request.extensions | {"sni_hostname": request.url.host},
        )
        return self._http.handle_request(sent)

    def close(self) -> None:
        """Close the connections."""
        self._http.close()


def client(target: Target, *, timeout: float = TIMEOUT) -> httpx.Client:
    """Return a browser-like client of the workbench; redirects are not followed unless asked."""
    context = tls_context(target)
    return httpx.Client(
        transport=AddressTransport(target.web_address, context),
        headers={"User-Agent": BROWSER},
        timeout=timeout,
    )


def site(target: Target) -> str:
    """Return the workbench's URL as the world sees it, without a slash at the end."""
    return f"https://{target.names[0]}"
