"""Caddy: HTTPS for everything, and the only program that outside requests reach."""

from io import StringIO
from pathlib import Path

from . import jupyterhub
from . import places
from . import rstudio
from .instance import public_address
from .operations import unit
from .pyinfra_typed import Commands
from .pyinfra_typed import files
from .pyinfra_typed import operation
from .pyinfra_typed import step
from .rendering import TEMPLATES
from .rendering import put_template
from .settings import Settings

UNIT = "caddy.service"
CADDYFILE = Path("/etc/caddy/Caddyfile")
ACME_ROOT = places.CONFIGURATION / "acme-root.pem"
DROP_IN = Path(f"/etc/systemd/system/{UNIT}.d/workbench.conf")


@step("Web server")
def proxy(settings: Settings) -> None:
    """Configure and start Caddy."""
    files.directory(
        name="Make the certificates' folder on the data volume",
        path=str(places.CADDY_STORAGE),
        user="caddy",
        group="caddy",
        mode="700",
        # The account's uid may be another one on a replaced server.
        recursive=True,
    )
    if settings.acme.root_certificate:
        files.put(
            name="Trust the certificate authority's own server",
            src=StringIO(settings.acme.root_certificate),
            dest=str(ACME_ROOT),
            mode="644",
        )
    put_template("caddy.service.d.conf", DROP_IN)
    caddyfile(settings, name="Configure Caddy")
    unit(UNIT, files=[CADDYFILE, ACME_ROOT], reload=True, name="Start Caddy")


@operation
def caddyfile(settings: Settings) -> Commands:
    """Write Caddy's configuration."""
    yield from files.template._inner(
        src=str(TEMPLATES / "Caddyfile.j2"),
        dest=str(CADDYFILE),
        mode="644",
        user="root",
        group="root",
        places=places,
        settings=settings,
        acme_root=ACME_ROOT,
        address=None if settings.names else public_address(),
        jupyterhub_port=jupyterhub.PORT,
        rstudio_port=rstudio.PORT,
    )
