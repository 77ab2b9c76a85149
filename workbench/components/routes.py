"""Pages that a stack adds to the web server."""

from collections.abc import Sequence
from typing import Any
from typing import NotRequired
from typing import TypedDict

from workbench.components.errors import ArgumentError
from workbench.components.services import check_services
from workbench.components.services import service_names
from workbench.components.validation import refusing
from workbench.host import routes
from workbench.host import service_table


class Route(TypedDict):
    """A page of your own, and what listens for it on the server."""

    path: str
    """The page's path, with a slash at both ends, for example `/dash/`. Requests are passed on
    unchanged, including the path."""

    port: NotRequired[int]
    """The port of 127.0.0.1 that it listens on, below 1024, so that nobody else can use it."""

    socket: NotRequired[str]
    """Instead of a port, the socket that it listens on, in a folder in `/run`. The group `caddy`
    must be able to write to it."""

    open: NotRequired[bool]
    """Whether it is for everyone. Default: false; then it is for people who have signed in to
    JupyterHub, and gets their name in the header `X-Workbench-User`."""


def check_routes(values: object, what: str) -> list[dict[str, Any]]:
    """Return the pages as the settings have them."""
    return [
        {"path": each.path, "port": each.port, "socket": each.socket, "open": each.is_open}
        for each in refusing(routes.check_routes)(values, what)
    ]


def check_clashes(values: object, names: Sequence[str] | None) -> None:
    """Refuse a page whose path or port a service has, or for which nobody could sign in."""
    pages = refusing(routes.check_routes)(values or [], "routes")
    try:
        service_table.refuse_routes(pages, check_services(service_names(names), "services"))
    except service_table.ServicesError as error:
        raise ArgumentError(f"routes: {error.message}", error.hint) from error
