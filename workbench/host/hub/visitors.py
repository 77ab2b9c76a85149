"""Who sends a request to the hub: a visitor through the proxy, or someone on the server."""

import pwd
import socket
import struct
from typing import Any

from .throttle import subscriber

# struct ucred: process, user, group.
CREDENTIALS = struct.Struct("3i")
# The hub's own proxy, and the web server, which points to the sign-in of RStudio Server here.
PASS_ON = ("root", "caddy")


def visitor(request: Any) -> str | None:
    """Return what stands for the visitor; None where the request didn't come by the proxy.

    These say whose request it is that they pass on. Others who reach the hub's socket could say
    anything there. Of a TCP connection nothing is known: there, nobody is refused.
    """
    connection = request.connection.stream.socket
    if connection.family == socket.AF_UNIX and _user(connection) not in PASS_ON:
        return None
    return subscriber(request.remote_ip or "")


def _user(connection: socket.socket) -> str:
    data = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, CREDENTIALS.size)
    try:
        return pwd.getpwuid(CREDENTIALS.unpack(data)[1]).pw_name
    except KeyError:
        return ""
