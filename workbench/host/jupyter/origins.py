"""A host name, and with it an origin of the browser's, for each person's Jupyter server."""

from dataclasses import dataclass
from pathlib import Path

from workbench.host import service_table
from workbench.host.hub.host_names import host_name
from workbench.host.jupyter import servers
from workbench.host.run.pyinfra_typed import Commands
from workbench.host.run.pyinfra_typed import operation
from workbench.host.settings import Settings


@dataclass(frozen=True)
class Person:
    """A person's account, and the host name of their Jupyter server."""

    account: str
    host: str


def people(settings: Settings) -> tuple[Person, ...]:
    """Return the people who have a host name of their own; none where it isn't asked for."""
    domain = person_domain(settings)
    services = service_table.choose(settings.services)
    if domain is None or not any(each.has_host_per_person for each in services):
        return ()
    return tuple(Person(user.name, host_name(user.name, domain)) for user in settings.users)


def person_domain(settings: Settings) -> str | None:
    """Return the domain below which people's host names are; None where they have none."""
    return settings.domain if settings.host_name_per_user else None


def service_hosts(settings: Settings) -> dict[str, str]:
    """Return the host names of services that have one of their own where people have theirs."""
    domain = person_domain(settings)
    if domain is None:
        return {}
    services = service_table.choose(settings.services)
    return {each.name: f"{each.word}.{domain}" for each in services if each.has_own_host}


def names(settings: Settings) -> tuple[str, ...]:
    """Return every name that the web server needs a certificate for."""
    hosts = [*service_hosts(settings).values(), *(person.host for person in people(settings))]
    return tuple(dict.fromkeys([*settings.names, *hosts]))


@operation
def end_servers_of_before(settings: Settings, configuration: Path) -> Commands:
    """End people's servers when their host names come or go: they know only where they began.

    Before the hub's configuration is written, which says what they began with.
    """
    if not configuration.exists():
        return
    if ("subdomain_host" in configuration.read_text()) is (person_domain(settings) is None):
        yield f"systemctl stop '{servers.PATTERN}'"
