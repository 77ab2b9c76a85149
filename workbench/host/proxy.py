"""Caddy: HTTPS for everything, and the only program that outside requests reach."""

import time
from collections.abc import Sequence
from datetime import UTC
from datetime import datetime
from io import StringIO
from pathlib import Path

from cryptography import x509

from . import caddy
from . import jupyterhub
from . import origins
from . import places
from . import rstudio
from .instance import public_names
from .operations import changed_at
from .operations import unit
from .operations import unit_properties
from .planning import planning
from .pyinfra_typed import Commands
from .pyinfra_typed import files
from .pyinfra_typed import operation
from .pyinfra_typed import step
from .rendering import TEMPLATES
from .settings import Settings

UNIT = caddy.UNIT
CADDYFILE = caddy.CADDYFILE
# Let's Encrypt takes a few seconds.
CERTIFICATE_SECONDS = 20.0
ACME_ROOT = places.CONFIGURATION / "acme-root.pem"


@step("Web server")
def proxy(settings: Settings) -> None:
    """Configure and start Caddy."""
    caddy.put_caddy()
    files.directory(
        name="Make the certificates' folder on the data volume",
        path=str(places.CADDY_STORAGE),
        user=caddy.ACCOUNT,
        group=caddy.ACCOUNT,
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
    caddyfile(settings, name="Configure Caddy")
    reload_files = [CADDYFILE, ACME_ROOT]
    unit(UNIT, files=caddy.STARTS_WITH, reload_files=reload_files, name="Start Caddy")
    certificates(origins.names(settings) or public_names(), name="Get the certificates")


@operation
def certificates(names: Sequence[str]) -> Commands:
    """Wait a little for certificates; where they failed in an earlier run, ask anew.

    It is no failure to have none yet: whoever keeps a domain elsewhere still has to make its
    records. Caddy itself tries again, but after ever longer pauses; so it does with one that it
    could not renew in time.
    """
    if missing_certificates(names) and not _just_started():
        yield f"systemctl restart {UNIT}"
    if planning.is_active:
        return
    limit = time.monotonic() + CERTIFICATE_SECONDS
    while (missing := missing_certificates(names)) and time.monotonic() < limit:
        time.sleep(0.2)
    if missing:
        print(f"no certificate yet for {', '.join(missing)}: do its DNS records lead here?")


def missing_certificates(names: Sequence[str]) -> list[str]:
    """Return the names that Caddy has no certificate for, or none that is valid any more."""
    storage = places.CADDY_STORAGE / "certificates"
    return [name for name in names if not any(map(_is_valid, storage.glob(f"*/{name}/{name}.crt")))]


def _is_valid(path: Path) -> bool:
    try:
        certificate = x509.load_pem_x509_certificate(path.read_bytes())
    except (OSError, ValueError):
        return False
    return datetime.now(UTC) < certificate.not_valid_after_utc


def _just_started() -> bool:
    since = changed_at(unit_properties(UNIT))
    return since is not None and time.time() - since < CERTIFICATE_SECONDS


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
        admin_socket=caddy.ADMIN_SOCKET,
        addresses=() if settings.names else public_names(),
        names=origins.names(settings),
        people=origins.people(settings),
        rstudio_host=origins.rstudio_host(settings),
        jupyterhub_socket=jupyterhub.PROXY_SOCKET,
        hub_socket=jupyterhub.HUB_SOCKET,
        rstudio_sign_in=jupyterhub.RSTUDIO_SIGN_IN,
        rstudio_port=rstudio.PORT,
    )
