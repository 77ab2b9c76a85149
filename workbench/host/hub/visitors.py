"""Who sends a request to the hub: a visitor by way of the proxy, or someone on the server."""

import socket
import struct
from typing import Any

from .throttle import subscriber

# struct ucred: process, user, group.
CREDENTIALS = struct.Struct("3i")
ROOT = 0


def visitor(request: Any) -> str | None:
    """Return what stands for the visitor; None where the request didn't come by the proxy.

    The proxy runs as root, and says whose request it passes on. Others who reach the hub's socket
    could say anything there. Of a TCP connection nothing is known: there, nobody is refused.
    """
    connection = request.connection.stream.socket
    if connection.family == socket.AF_UNIX and _user(connection) != ROOT:
        return None
    return subscriber(request.remote_ip or "")


def _user(connection: socket.socket) -> int:
    data = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, CREDENTIALS.size)
    user: int = CREDENTIALS.unpack(data)[1]
    return user
