"""The idle culler, which ends people's servers that nobody uses, at the hub's socket.

The hub runs it: ``-m workbench_hub.culler SOCKET PATH GRACE OPTIONS…``, with the path of the hub's
API, and for how many seconds after its start nothing is ended.
"""

import socket
import sys
import time
from typing import Any
from urllib.parse import unquote

from jupyterhub_idle_culler import IdleCuller
from jupyterhub_idle_culler import default_cull_arbiter
from tornado.netutil import Resolver

from .folders import FOLDER
from .signs import says_idle


class SocketResolver(Resolver):
    """Lead every name to the hub's socket: tornado's client knows no addresses of sockets."""

    path = ""

    async def resolve(self, host: str, port: int, family: int = 0) -> list[tuple[int, Any]]:
        """Return where to connect to."""
        return [(socket.AF_UNIX, self.path)]


class Arbiter:
    """Decide which server is ended: one that the hub takes for idle, and that says so itself.

    None before all could tell a hub that was away what they do.
    """

    def __init__(self, grace: float) -> None:
        self._begin = time.monotonic() + grace

    def __call__(self, **server: Any) -> bool:
        """Say whether a server is ended."""
        if time.monotonic() < self._begin or not default_cull_arbiter(**server):
            return False
        name = unquote(server["server"]["url"].rstrip("/").rpartition("/")[2])
        return says_idle(FOLDER / name, server["inactive_limit"])


if __name__ == "__main__":
    SocketResolver.path, path, grace, *options = sys.argv[1:]
    Resolver.configure(SocketResolver)
    arbiter = Arbiter(float(grace))
    IdleCuller.launch_instance([f"--url=http://hub{path}", *options], cull_arbiter_hook=arbiter)
