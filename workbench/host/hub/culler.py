"""The idle culler, which ends people's servers that nobody uses, at the hub's socket.

Run by the hub: ``culler.py SOCKET PATH OPTIONS…``, with the path of the hub's API.
"""

import socket
import sys
from typing import Any

from jupyterhub_idle_culler import IdleCuller
from tornado.netutil import Resolver


class SocketResolver(Resolver):
    """Lead every name to the hub's socket: tornado's client knows no addresses of sockets."""

    path = ""

    async def resolve(self, host: str, port: int, family: int = 0) -> list[tuple[int, Any]]:
        """Return where to connect to."""
        return [(socket.AF_UNIX, self.path)]


if __name__ == "__main__":
    SocketResolver.path, path, *options = sys.argv[1:]
    Resolver.configure(SocketResolver)
    IdleCuller.launch_instance([f"--url=http://hub{path}", *options])
