"""This computer's own public address: the one that a server's firewall sees."""

import ipaddress
import os

from workbench.errors import ConfigError
from workbench.errors import WorkbenchError

VARIABLE = "WORKBENCH_ADDRESS_URL"
# AWS's own; it answers with the caller's address and nothing else.
SERVICE = "https://checkip.amazonaws.com/"
TIMEOUT = 5.0


class OwnAddressError(WorkbenchError):
    """The service that tells a caller its address told none."""


def find_own_address(url: str | None = None) -> str:
    """Return this computer's public IPv4 address.

    Asked of ``url``, else of $WORKBENCH_ADDRESS_URL, else of AWS. Raises OwnAddressError where
    there is no answer within seconds, or the answer is no address.
    """
    import httpx

    service = url or os.environ.get(VARIABLE) or SERVICE
    try:
        # SSH to an Elastic IP goes over IPv4, and past any proxy for web pages: so does this.
        context = httpx.create_ssl_context()
        direct = httpx.HTTPTransport(verify=context, local_address="0.0.0.0")  # noqa: S104
        with httpx.Client(transport=direct, timeout=TIMEOUT, follow_redirects=True) as client:
            answer = client.get(service).raise_for_status().text.strip()
    except (httpx.UnsupportedProtocol, httpx.InvalidURL) as error:
        raise ConfigError(
            f"{service!r} isn't the URL of a service to ask.", f"{VARIABLE}={SERVICE}"
        ) from error
    except httpx.HTTPError as error:
        raise _untold(f"{service} doesn't say what this computer's address is ({error})") from error
    try:
        return str(ipaddress.IPv4Address(answer))
    except ValueError as error:
        raise _untold(f"{service} answers with {answer[:40]!r}, which isn't an address") from error


def _untold(sentence: str) -> OwnAddressError:
    return OwnAddressError(f"{sentence}.", f"{VARIABLE}=https://… names another service to ask")
