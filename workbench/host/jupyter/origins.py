"""A host name, and with it an origin of the browser's, for each person's Jupyter server."""

from dataclasses import dataclass
from pathlib import Path

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
    if domain is None:
        return ()
    return tuple(Person(user.name, host_name(user.name, domain)) for user in settings.users)


def person_domain(settings: Settings) -> str | None:
    """Return the domain below which people's host names are; None where they have none."""
    return settings.domain if settings.host_name_per_user else None


def rstudio_host(settings: Settings) -> str | None:
    """Return RStudio Server's host name; None where it is the hub's.

    It shows pages of the person whose cookie it is sent, and another host's page can plant one.
    """
    domain = person_domain(settings)
    return f"rstudio.{domain}" if domain else None


def names(settings: Settings) -> tuple[str, ...]:
    """Return every name that the web server needs a certificate for."""
    rstudio, hosts = rstudio_host(settings), [person.host for person in people(settings)]
    return tuple(dict.fromkeys([*settings.names, *([rstudio] if rstudio else []), *hosts]))


@operation
def end_servers_of_before(settings: Settings, configuration: Path) -> Commands:
    """End people's servers when their host names come or go: they know only where they began.

    Before the hub's configuration is written, which says what they began with.
    """
    if not configuration.exists():
        return
    if ("subdomain_host" in configuration.read_text()) is (person_domain(settings) is None):
        yield f"systemctl stop '{servers.PATTERN}'"
