"""The table of services: those of the workbench, and those that installed packages add.

A service of the workbench is a module of ``services`` with a ``SERVICE``. A package adds one by an
entry point in the group ``workbench.services``; the recipe's archive has its module and what
declares it, so the server finds it the same way.
"""

import pkgutil
import re
from collections.abc import Iterable
from collections.abc import Sequence
from functools import cache
from importlib import import_module
from importlib.metadata import EntryPoint
from importlib.metadata import entry_points

from workbench.host import services
from workbench.host.routes import FIRST_OPEN_PORT
from workbench.host.routes import Route
from workbench.host.routes import overlap
from workbench.host.service import Service
from workbench.host.service import Stage

GROUP = "workbench.services"
# Where the web server sends browsers on to HTTPS.
WEB_PORT = 80
# It is part of commands, of an output's name and of the web server's configuration.
NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
# What `workbench logs` and `workbench open` call other things.
TAKEN_WORDS = frozenset({"converge", "data", "landing", "packages", "updates"})


class ServicesError(Exception):
    """The services that are asked for can't be had; ``hint`` is what to do."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


@cache
def own_services() -> tuple[Service, ...]:
    """Return the workbench's own services, in the order in which they are told."""
    names = [module.name for module in pkgutil.iter_modules(services.__path__)]
    found = [import_module(f"{services.__name__}.{name}").SERVICE for name in sorted(names)]
    return tuple(sorted(found, key=lambda service: service.stage))


def added_services() -> dict[str, EntryPoint]:
    """Return what installed packages add, by name."""
    return {entry.name: entry for entry in entry_points(group=GROUP)}


def default_services() -> tuple[str, ...]:
    """Return the names of the services that a workbench has where none are named."""
    return tuple(each.name for each in own_services() if each.is_default)


def own_names() -> tuple[str, ...]:
    """Return the names of the workbench's own services that can be chosen."""
    return tuple(each.name for each in own_services() if each.stage is Stage.SERVICE)


def choose(names: Iterable[str]) -> tuple[Service, ...]:
    """Return the services of these names, and those that every server has.

    Raises ServicesError for what isn't installed, or can't be together.
    """
    wanted = list(names)
    fixed = {each.name for each in _always()}
    chosen: list[Service] = []
    for name in wanted:
        if wanted.count(name) > 1:
            raise ServicesError(f"The service {name!r} is listed twice.", "List it once.")
        if name in fixed:
            raise ServicesError(
                f"{name!r} can't be listed: every workbench has it.", f"Leave {name} out."
            )
        chosen.append(_find(name))
    together = [*chosen, *_always()]
    _refuse_clashes(together, own_services())
    for service in chosen:
        for needed in service.needs:
            if needed not in wanted:
                raise ServicesError(
                    f"The service {service.name!r} needs {needed!r}, which isn't listed.",
                    f"Add {needed}, or leave {service.name} out.",
                )
    return tuple(together)


def every_service() -> tuple[Service, ...]:
    """Return all that this computer knows: the workbench's own, and those that load."""
    return known([*own_names(), *sorted(added_services())])


def known(names: Iterable[str] | None) -> tuple[Service, ...]:
    """Return the services of these names, less those that this computer doesn't know.

    For telling of a server that is there: None stands for the default.
    """
    found = []
    for name in default_services() if names is None else names:
        try:
            found.append(_find(name))
        except ServicesError:
            continue
    return (*found, *_always())


def _always() -> list[Service]:
    """Return what every server has."""
    return [each for each in own_services() if each.stage is not Stage.SERVICE]


def _find(name: str) -> Service:
    own = {each.name: each for each in own_services()}
    return own[name] if name in own else _load(name)


def _load(name: str) -> Service:
    entry = find_added(name)
    try:
        service = entry.load()
    except Exception as error:
        raise ServicesError(
            f"The service {name!r} can't be loaded ({type(error).__name__}: {error}).",
            f"Repair or remove the package that adds it: {_package(entry)}.",
        ) from error
    if not isinstance(service, Service) or service.name != name:
        raise ServicesError(
            f"The service {name!r} is declared as {entry.value}, which isn't a Service of "
            "that name.",
            f"Repair or remove the package that adds it: {_package(entry)}.",
        )
    return _checked(service)


def find_added(name: str) -> EntryPoint:
    """Return what an installed package declares of a service."""
    added = added_services()
    if name not in added:
        there = ", ".join([*own_names(), *sorted(added)])
        raise ServicesError(
            f"There is no service {name!r}: there are {there}.",
            "Install the package that adds it in the project's environment, or leave it out.",
        )
    return added[name]


def _checked(service: Service) -> Service:
    said = None
    if not all(NAME.fullmatch(each) for each in (service.name, service.word)):
        said = "has a name or a path that isn't one word of lowercase letters, digits and -"
    elif taken := TAKEN_WORDS & {*service.names}:
        said = f"has the name {min(taken)!r}, which stands for something else"
    elif service.stage is not Stage.SERVICE:
        said = "uses a stage that is reserved for the workbench"
    elif service.port is not None and not 0 < service.port < FIRST_OPEN_PORT:
        said = f"has port {service.port}, which people on the server could take: it has to be 1023"
        said += " or lower"
    elif service.port == WEB_PORT:
        said = f"has port {WEB_PORT}, which is the web server's"
    elif service.path is not None and not service.path.startswith("/" + service.word + "/"):
        said = f"has the path {service.path!r}, which has to begin and end with a slash"
    elif service.path is not None and service.port is None and not service.sockets:
        said = "has a path, but neither a port nor a socket"
    if said:
        raise ServicesError(
            f"The service {service.name!r} {said}.", "Repair the package that adds it."
        )
    return service


def _refuse_clashes(chosen: Sequence[Service], own: Sequence[Service]) -> None:
    """Refuse two services with one name, unit, port or path."""
    every = list(dict.fromkeys([*chosen, *own]))
    for index, one in enumerate(every):
        for other in every[:index]:
            shared = _shared(one, other)
            if shared:
                raise ServicesError(
                    f"The services {other.name!r} and {one.name!r} both have {shared}.",
                    f"Leave {one.name} out, or repair the package that adds it.",
                )


def _shared(one: Service, other: Service) -> str:
    if common := {*one.names} & {*other.names}:
        return f"the name {min(common)!r}"
    if one.unit == other.unit:
        return f"the unit {one.unit}"
    if ports := {one.port, *one.closed_ports} & {other.port, *other.closed_ports} - {None}:
        return f"port {min(filter(None, ports))}"
    if one.path and one.path == other.path:
        return f"the path {one.path}"
    return ""


def refuse_accounts(people: Iterable[str], services: Iterable[Service]) -> None:
    """Raise ServicesError where a person has the name of a service's own account."""
    names = set(people)
    for service in services:
        for name in sorted(names & set(service.accounts)):
            raise ServicesError(
                f"The service {service.name!r} has an account {name!r} of its own, which a person "
                "has here.",
                f"Give the person another name, or leave {service.name} out.",
            )


def refuse_routes(routes: Iterable[Route], services: Sequence[Service]) -> None:
    """Raise ServicesError for a page whose path or port a service has, or without a sign-in."""
    for route in routes:
        for service in services:
            if service.path and overlap(route.path, service.path):
                raise ServicesError(
                    f"The page {route.path} would conflict with {service.title}, which has "
                    f"{service.path}.",
                    "Choose another path.",
                )
            if route.port in {service.port, *service.closed_ports, WEB_PORT} - {None}:
                raise ServicesError(
                    f"The page {route.path} has the port {route.port}, which is the workbench's "
                    "own.",
                    "Have your program listen on another port below 1024, or on a socket.",
                )
        if not route.is_open and not any(each.gate for each in services):
            knows = next(each.name for each in own_services() if each.gate)
            raise ServicesError(
                f"The page {route.path} is for people who have signed in, and without {knows} "
                "nobody can.",
                f"Add {knows} to the services, or make the page open to everyone.",
            )


def _package(entry: EntryPoint) -> str:
    return entry.dist.name if entry.dist else entry.value.partition(":")[0]


def reserved_accounts() -> frozenset[str]:
    """Return the names of the accounts that the workbench's own services have."""
    return frozenset(name for each in own_services() for name in each.accounts)
