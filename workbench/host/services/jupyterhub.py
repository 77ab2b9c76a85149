"""JupyterHub, at sockets of its own: people sign in with their account's password."""

import json
import shlex
import time
from io import StringIO
from pathlib import Path
from typing import Any
from urllib.parse import quote

from workbench.host import places
from workbench.host import service_table
from workbench.host.data import state_files
from workbench.host.jupyter import servers
from workbench.host.jupyter.hub_settings import HubSettings
from workbench.host.jupyter.origins import end_servers_of_before
from workbench.host.jupyter.origins import people
from workbench.host.jupyter.origins import person_domain
from workbench.host.packages.shared_packages import tell
from workbench.host.people import private_files
from workbench.host.run.journal import run_started
from workbench.host.run.operations import changed_on_clock
from workbench.host.run.operations import unit
from workbench.host.run.operations import unit_properties
from workbench.host.run.planning import planning
from workbench.host.run.pyinfra_typed import Commands
from workbench.host.run.pyinfra_typed import files
from workbench.host.run.pyinfra_typed import operation
from workbench.host.run.pyinfra_typed import step
from workbench.host.run.rendering import TEMPLATES
from workbench.host.run.rendering import put_template
from workbench.host.service import Card
from workbench.host.service import Probe
from workbench.host.service import Service
from workbench.host.service import Work
from workbench.host.settings import Settings
from workbench.host.system import environments
from workbench.host.system import session_environment
from workbench.host.web import caddy_program as caddy
from workbench.host.web import health
from workbench.host.web.versions import wheel_version

UNIT = "jupyterhub.service"
UNIT_FILE = Path("/etc/systemd/system") / UNIT
PAM = Path("/etc/pam.d/workbench")
CONFIGURATION = Path("/etc/jupyterhub/jupyterhub_config.py")
# What the stack sets, and what it set before, while the hub hasn't started with the former.
EXTRA = CONFIGURATION.with_name("stack.json")
BEFORE = EXTRA.with_name("stack.json.before")
KEEP = f"cp -p {EXTRA} {BEFORE}"
# For the hub to answer with it.
EXTRA_SECONDS = 60.0
RUNTIME = Path("/run/jupyterhub")
# For people's servers, for the web server, and for the hub alone.
HUB_SOCKET = RUNTIME / "hub.sock"
PROXY_SOCKET = RUNTIME / "proxy" / "proxy.sock"
API_SOCKET = RUNTIME / "private" / "api.sock"
BASE = "/jupyter/"
# Where the sign-in form of a service is sent to first: see hub/rstudio_sign_in.py.
SIGN_IN = f"{BASE}hub/rstudio-sign-in"
ACTIVITY_INTERVAL = 60
# What the hub's configuration names.
MODULES = places.PACKAGE / "hub"
# What the hub's proxy loads first.
PROXY_SOCKETS = places.HUB_MODULES.parent / "proxy_sockets.mjs"


@step("JupyterHub")
def jupyterhub(settings: Settings) -> None:
    """Configure and start the hub."""
    modules = put_modules()
    # Its group is the one that may reach the hub's pages.
    caddy.account(name="Make the web server's account")
    servers.lead_away_from_ports(name="Lead the web server away from ports")
    servers.end_at_ports(name="End Jupyter servers that listen on ports")
    end_servers_of_before(
        settings, CONFIGURATION, name="End servers that began with other host names"
    )
    put_template(
        "jupyterhub_config.py",
        CONFIGURATION,
        base=BASE,
        path=session_environment.path_of("/home/{USERNAME}"),
        variables=session_environment.variables(settings),
        idle_timeout=settings.idle_timeout,
        activity_interval=min(ACTIVITY_INTERVAL, settings.idle_timeout // 4 or ACTIVITY_INTERVAL),
        hub_socket=HUB_SOCKET,
        hub_url=_url(HUB_SOCKET),
        proxy_url=_url(PROXY_SOCKET),
        api_url=_url(API_SOCKET),
        proxy_sockets=PROXY_SOCKETS,
        proxy_pid=API_SOCKET.parent / "proxy.pid",
        person_domain=person_domain(settings),
        rstudio_sign_in=_form_of_another(),
        umask=private_files.UMASK,
        pages=[each.path for each in settings.routes if not each.is_open],
        extra=EXTRA,
    )
    put_extra(settings.hub, name="Write the stack's own settings of the hub")
    put_template(PROXY_SOCKETS.name, PROXY_SOCKETS)
    put_template("pam", PAM)
    put_template(
        UNIT, UNIT_FILE, runtime=RUNTIME, proxy=PROXY_SOCKET.parent, private=API_SOCKET.parent
    )
    files.directory(
        name="Make the hub's folder on the data volume",
        path=str(places.HUB_STATE),
        mode="700",
        user="root",
    )
    read = [CONFIGURATION, EXTRA, UNIT_FILE, environments.MARKER, PROXY_SOCKETS, *modules]
    unit(UNIT, files=read, name="Start JupyterHub")
    begin_anew(name="Start over where its database is damaged or gone")
    keep_extra(name="Keep the stack's own settings where the hub starts with them")


@operation
def begin_anew() -> Commands:
    """Restart a hub that still runs on what it couldn't start with; its start sets that aside.

    Each start, after a failure too, looks at all of it, so one in this run needs no other: it may
    not have made its database yet. Here it's a glance: converging a server in order doesn't read
    its whole database.
    """
    findings = state_files.hub_findings(whole=False)
    if state_files.HUB_DATABASE.is_file() and not any(findings):
        return
    state = unit_properties(UNIT)
    if state["ActiveState"] == "active" and (changed_on_clock(state) or 0.0) < run_started():
        yield f"systemctl restart {UNIT}"


@operation
def put_extra(hub: HubSettings) -> Commands:
    """Write what the stack sets, once JupyterHub itself has looked at it."""
    has = EXTRA.read_text() if EXTRA.exists() else None
    if has == hub.text:
        return
    # By their names: a value may be for root alone, as the file is.
    if changed := hub.changed_from(json.loads(has or "{}")):
        yield tell("JupyterHub has other settings", f"change {', '.join(changed)}")
    if hub.traits:
        yield look_at(hub)
    # One that is kept already is what the hub last started with; an interrupted converge left it.
    if has is not None and not BEFORE.exists():
        yield KEEP
    yield from files.put._inner(src=StringIO(hub.text), dest=str(EXTRA), mode="600")


def look_at(hub: HubSettings) -> str:
    """Return the command by which JupyterHub says whether it takes the stack's settings."""
    program = f"{places.JUPYTERHUB}/bin/python -m workbench_hub.traits"
    return f"printf %s {shlex.quote(hub.line)} | PYTHONPATH={places.HUB_MODULES.parent} {program}"


@operation
def keep_extra() -> Commands:
    """Go back to the former settings where the hub doesn't start with new ones."""
    if not BEFORE.exists() or planning.is_active:
        return
    limit = time.monotonic() + EXTRA_SECONDS
    while time.monotonic() < limit:
        if health.is_answering(PROXY_SOCKET, f"{BASE}hub/api"):
            yield f"rm -f {BEFORE}"
            return
        time.sleep(0.2)
    # What the hub itself said: systemd's word on the unit comes after it, and is no reason.
    yield (
        f"why=$(journalctl --no-pager --output=cat --lines=100 --unit={UNIT} "
        f"| grep -E '^ *[A-Za-z_.]*(Error|Exception)' | tail -n 1 | sed 's|^ *||'); "
        f"mv {BEFORE} {EXTRA}; systemctl reset-failed {UNIT}; systemctl restart {UNIT}; "
        'echo "JupyterHub does not start with workbench:jupyterhubConfig, and has its former '
        'settings again (${why:-it does not answer}). Change it, then: workbench up"; exit 1'
    )


def put_modules() -> list[Path]:
    """Write the modules and pages that the hub's configuration names; return where they are."""
    written = []
    for module in sorted([*MODULES.glob("*.py"), *MODULES.glob("pages/*.html")]):
        written.append(places.HUB_MODULES / module.relative_to(MODULES))
        files.put(
            name=f"Write {written[-1]}",
            src=str(module),
            dest=str(written[-1]),
            mode="644",
            user="root",
            group="root",
        )
    return written


def _form_of_another() -> str:
    """Return where the service is sent its sign-in form that has the hub look at passwords."""
    (service,) = (each for each in service_table.own_services() if each.form)
    return f"http://{service.upstream}{service.form}"


def _url(socket: Path) -> str:
    """Return the address of a socket as JupyterHub writes it."""
    return f"http+unix://{quote(str(socket), safe='')}"


def version() -> str:
    """Return the installed version."""
    return wheel_version("jupyterhub", places.JUPYTERHUB)


def values(settings: Settings) -> dict[str, Any]:
    """Return what its routes need."""
    return {"socket": PROXY_SOCKET, "people": people(settings), "domain": settings.domain}


SERVICE = Service(
    name="jupyterhub",
    title="JupyterHub",
    unit=UNIT,
    about="the hub: sign-ins, servers that start and stop",
    version=version,
    start=jupyterhub,
    sockets=(PROXY_SOCKET, HUB_SOCKET, API_SOCKET),
    is_default=True,
    path=BASE,
    # Through its proxy, as for everyone.
    probe=Probe(PROXY_SOCKET, f"{BASE}hub/api"),
    card=Card(
        "Notebooks, terminals and files in JupyterLab, with Python and R kernels.",
        "#c2410c",
        "#fb923c",
    ),
    routes=TEMPLATES / "jupyterhub-routes.j2",
    values=values,
    work=(
        # An idle server comes back as it was.
        Work("jupyter", "Jupyter server", line="jupyterhub-singleuser", is_work=False),
        Work(
            "kernel",
            "Jupyter kernel",
            line=r"ipykernel|kernel-[0-9a-f-]{36}\.json",
            inside="jupyter",
            names=(("IRkernel", "R"), ("", "python")),
        ),
        Work(
            "terminal",
            "Jupyter terminal",
            inside="jupyter",
            child_of="jupyter",
            names=(("", "{}"),),
        ),
    ),
    accounts=("jupyterhub",),
    keeps_state=True,
    has_host_per_person=True,
    # What it has by itself, and what configurable-http-proxy has.
    closed_ports=(8000, 8001, 8081),
    aliases=("hub",),
    gate=(HUB_SOCKET, f"{BASE}hub/page-gate"),
    password_page=f"{BASE}hub/password",
    stops=(servers.PATTERN,),
    files=(UNIT_FILE, CONFIGURATION.parent, places.HUB_MODULES.parent, PAM),
    former="127.0.0.1:8000",
)
