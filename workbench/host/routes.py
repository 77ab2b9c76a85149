"""Pages that the stack adds to the web server: each a path, and what listens on this server."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from workbench.host.contract.values import UnusableValueError
from workbench.host.contract.values import check_flag
from workbench.host.contract.values import check_number
from workbench.host.contract.values import check_text
from workbench.host.contract.values import shown

# They end up in the web server's configuration.
_PATH = re.compile(r"/([A-Za-z0-9_-][A-Za-z0-9._-]*/)+", re.ASCII)
_SOCKET = re.compile(r"/run(/[A-Za-z0-9_-][A-Za-z0-9._-]*){2,}", re.ASCII)
# In these, people make folders and sockets.
_PEOPLES = ("/run/user", "/run/jupyter", "/run/lock", "/run/screen", "/run/shm")
# Below, people on the server can't listen: nobody can stand in for a program that is down.
FIRST_OPEN_PORT = 1024


@dataclass(frozen=True)
class Route:
    """A path with a slash at both ends, and the port of 127.0.0.1 or the socket behind it."""

    path: str
    port: int | None = None
    socket: str | None = None
    # For everyone; else for people who have signed in.
    is_open: bool = False

    @property
    def upstream(self) -> str:
        """Where it leads, as the web server writes it."""
        return f"127.0.0.1:{self.port}" if self.port else f"unix/{self.socket}"


def check_routes(values: object, what: str) -> tuple[Route, ...]:
    """Return routes of which no two have one path; raise UnusableValueError."""
    if not isinstance(values, list | tuple):
        raise UnusableValueError(f"{what} is {shown(values)}, but must be a list.")
    routes = [_check_route(each, f"{what}[{index}]") for index, each in enumerate(values)]
    for index, route in enumerate(routes):
        for other in routes[:index]:
            if overlap(route.path, other.path):
                raise UnusableValueError(
                    f"{what} has {other.path} and {route.path}, of which one is in the other.",
                    "Give each page its own path.",
                )
    return tuple(routes)


def _check_route(value: object, what: str) -> Route:
    if not isinstance(value, Mapping):
        raise UnusableValueError(f"{what} is {shown(value)}, but must be an object with a path.")
    return Route(
        _check_path(value.get("path"), f"{what}.path"),
        *_check_target(value, what),
        check_flag(value.get("open") or False, f"{what}.open"),
    )


def _check_path(value: object, what: str) -> str:
    text = check_text(value, what)
    if not _PATH.fullmatch(text):
        raise UnusableValueError(
            f"{what} is {shown(text)}, but must be words of letters, digits and ._- between "
            "slashes, with a slash at both ends.",
            "For example: /dash/",
        )
    return text


def _check_target(value: Mapping[str, Any], what: str) -> tuple[int | None, str | None]:
    port, socket = value.get("port"), value.get("socket")
    if (port is None) is (socket is None):
        raise UnusableValueError(
            f"{what} must have either a port or a socket, where the page comes from.",
            "For example: port 805, or socket /run/dash/dash.sock",
        )
    if socket is not None:
        return None, _check_socket(socket, f"{what}.socket")
    number = check_number(port, f"{what}.port", 1, 65535)
    if number >= FIRST_OPEN_PORT:
        raise UnusableValueError(
            f"{what}.port is {number}, where anyone on the server could listen while your program "
            "is down, and show pages to people who have signed in.",
            "Have your program listen on a port below 1024, or on a socket in /run.",
        )
    return number, None


def _check_socket(value: object, what: str) -> str:
    text = check_text(value, what)
    is_peoples = any(PurePosixPath(text).is_relative_to(folder) for folder in _PEOPLES)
    if not _SOCKET.fullmatch(text) or is_peoples:
        raise UnusableValueError(
            f"{what} is {shown(text)}, but must be a socket in a folder of its own below /run, "
            "where people can't put another one.",
            "For example: /run/dash/dash.sock",
        )
    return text


def overlap(one: str, other: str) -> bool:
    """Say whether two paths are the same, or one is in the other."""
    return one.startswith(other) or other.startswith(one)
