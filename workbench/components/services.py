"""Which services a workbench has: the same check as the server's own."""

from collections.abc import Iterable
from collections.abc import Sequence
from typing import cast

from workbench.components.errors import ArgumentError
from workbench.host import service_table
from workbench.host.service import Service


def check_services(names: object, what: str) -> tuple[Service, ...]:
    """Return the services of these names, and those that every workbench has."""
    is_list = isinstance(names, Sequence) and not isinstance(names, str)
    if not is_list or not all(isinstance(name, str) for name in cast("Sequence[object]", names)):
        raise ArgumentError(f"{what} is {names!r}, but must be a list of services' names.")
    try:
        return service_table.choose(cast("Sequence[str]", names))
    except service_table.ServicesError as error:
        raise ArgumentError(f"{what}: {error.message}", error.hint) from error


def check_service_names(names: object, what: str) -> list[str]:
    """Return the names of services that can be had together."""
    check_services(names, what)
    return list(cast("Sequence[str]", names))


def check_people(people: Iterable[str], names: Sequence[str] | None) -> None:
    """Check that nobody has the name of an account that a service has."""
    try:
        service_table.refuse_accounts(people, check_services(service_names(names), "services"))
    except service_table.ServicesError as error:
        raise ArgumentError(f"users: {error.message}", error.hint) from error


def own_hosts(names: Sequence[str] | None) -> list[str]:
    """Return the words before the domain of services that have a host name of their own."""
    services = check_services(service_names(names), "services")
    return [each.word for each in services if each.has_own_host]


def service_names(names: Sequence[str] | None) -> list[str]:
    """Return the names that a workbench's services have, of all that can be chosen."""
    return list(service_table.default_services() if names is None else names)
