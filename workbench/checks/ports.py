"""What a port of the server says to this computer: open, refused, silent."""

import socket
import ssl
import time
from enum import StrEnum

from workbench.checks.http import unverified_context

TIMEOUT = 4.0
# sshd has no port for a moment when it starts again.
AGAIN_AFTER = 1.0
HTTPS = 443
_REQUEST = b"HEAD / HTTP/1.0\r\n\r\n"


class Port(StrEnum):
    """How a port answers: a program speaks there, none listens, or nothing comes back at all."""

    OPEN = "open"
    REFUSED = "refused"
    SILENT = "silent"


def probe(ip: str, port: int, *, timeout: float = TIMEOUT) -> Port:
    """Return how a TCP port answers where the program speaks first, as SSH does.

    One that refuses is asked once more.
    """
    answer = _probe(ip, port, timeout)
    if answer is Port.REFUSED:
        time.sleep(AGAIN_AFTER)
        answer = _probe(ip, port, timeout)
    return answer


def _probe(ip: str, port: int, timeout: float, speak: bytes = b"") -> Port:
    """Return how a TCP port answers to what is said to it.

    Something in between (a load balancer, a rehearsal's forwarder) may accept a connection to
    a port that nothing listens on: only the first byte proves that a program is there.
    """
    try:
        with socket.create_connection((ip, port), timeout=timeout) as connection:
            connection.sendall(speak)
            return Port.OPEN if connection.recv(1) else Port.REFUSED
    except TimeoutError:
        return Port.SILENT
    except OSError as error:
        return _refused_or_silent(error)


def probe_web(ip: str, port: int, *, tls: bool, timeout: float = TIMEOUT) -> Port:
    """Return how a web server's port answers to an HTTP request, or to the beginning of TLS."""
    if not tls:
        return _probe(ip, port, timeout, _REQUEST)
    try:
        with socket.create_connection((ip, port), timeout=timeout) as raw:
            unverified_context().wrap_socket(raw, server_hostname="localhost").close()
    except ssl.SSLEOFError:
        return Port.REFUSED
    except ssl.SSLError:
        # An alert is an answer: whoever listens doesn't know that name.
        return Port.OPEN
    except TimeoutError:
        return Port.SILENT
    except OSError as error:
        return _refused_or_silent(error)
    return Port.OPEN


def _refused_or_silent(error: OSError) -> Port:
    refused = isinstance(error, ConnectionRefusedError | ConnectionResetError | BrokenPipeError)
    return Port.REFUSED if refused else Port.SILENT
