"""The landing page, and what the server notes of its services."""

import json
from collections.abc import Sequence
from io import StringIO
from typing import Any

from workbench.host import places
from workbench.host import service_table
from workbench.host.run.pyinfra_typed import Commands
from workbench.host.run.pyinfra_typed import files
from workbench.host.run.pyinfra_typed import operation
from workbench.host.run.pyinfra_typed import step
from workbench.host.run.rendering import TEMPLATES
from workbench.host.service import Service
from workbench.host.settings import Settings

SERVICES = places.STATE / "services.json"


@step("Landing page")
def landing(settings: Settings) -> None:
    """Write the page at ``/``, and the services' versions."""
    services = service_table.choose(settings.services)
    versions_file(services, name="Note the versions")
    page(settings, services, name="Write the page")
    page_not_found(settings, name="Write the page for addresses that lead nowhere")


@operation
def versions_file(services: Sequence[Service]) -> Commands:
    """Write which services this server has."""
    content = json.dumps([each.as_record(each.version()) for each in services], indent=1)
    yield from files.put._inner(src=StringIO(content + "\n"), dest=str(SERVICES), mode="644")


@operation
def page(settings: Settings, services: Sequence[Service]) -> Commands:
    """Write the landing page."""
    yield from files.template._inner(
        src=str(TEMPLATES / "index.html.j2"),
        dest=str(places.LANDING / "index.html"),
        mode="644",
        jinja_env_kwargs={"autoescape": True},
        settings=settings,
        cards=[_card(each) for each in services if each.card],
        password_page=next((each.password_page for each in services if each.password_page), ""),
    )


def _card(service: Service) -> dict[str, Any]:
    version = service.version()
    is_standin = version.endswith("+standin")
    return {
        "service": service,
        "version": version.removesuffix("+standin"),
        "is_standin": is_standin,
    }


@operation
def page_not_found(settings: Settings) -> Commands:
    """Write the page that leads back to the landing page."""
    yield from files.template._inner(
        src=str(TEMPLATES / "not-found.html.j2"),
        dest=str(places.LANDING / "not-found.html"),
        mode="644",
        jinja_env_kwargs={"autoescape": True},
        settings=settings,
    )
