"""Which services a workbench has: the same check as the server's own."""

from collections.abc import Sequence

from workbench.components.errors import ArgumentError
from workbench.host import service_table
from workbench.host.service import Service


def check_services(names: object, what: str) -> tuple[Service, ...]:
    """Return the services of these names, and those that every workbench has."""
    if not isinstance(names, Sequence) or not all(isinstance(name, str) for name in names):
        raise ArgumentError(f"{what} is {names!r}, but must be a list of services' names.")
    try:
        return service_table.choose(names)
    except service_table.ServicesError as error:
        raise ArgumentError(f"{what}: {error.message}", error.hint) from error


def service_names(names: Sequence[str] | None) -> list[str]:
    """Return the names that a workbench's services have, of all that can be chosen."""
    return list(service_table.default_services() if names is None else names)
