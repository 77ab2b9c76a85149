"""JupyterHub, at sockets of its own: people sign in with their account's password."""

from pathlib import Path
from urllib.parse import quote

from workbench.host import places
from workbench.host.data import state_files
from workbench.host.jupyter import servers
from workbench.host.jupyter.origins import end_servers_of_before
from workbench.host.jupyter.origins import person_domain
from workbench.host.people import private_files
from workbench.host.run.operations import unit
from workbench.host.run.operations import unit_properties
from workbench.host.run.pyinfra_typed import Commands
from workbench.host.run.pyinfra_typed import files
from workbench.host.run.pyinfra_typed import operation
from workbench.host.run.pyinfra_typed import step
from workbench.host.run.rendering import put_template
from workbench.host.services import caddy_program as caddy
from workbench.host.services import rstudio
from workbench.host.settings import Settings
from workbench.host.system import environments
from workbench.host.system import session_environment

UNIT = "jupyterhub.service"
CONFIGURATION = Path("/etc/jupyterhub/jupyterhub_config.py")
RUNTIME = Path("/run/jupyterhub")
# For people's servers, for the web server, and for the hub alone.
HUB_SOCKET = RUNTIME / "hub.sock"
PROXY_SOCKET = RUNTIME / "proxy" / "proxy.sock"
API_SOCKET = RUNTIME / "private" / "api.sock"
BASE = "/jupyter/"
# Where RStudio Server's form is sent to first: see hub/rstudio_sign_in.py.
RSTUDIO_SIGN_IN = f"{BASE}hub/rstudio-sign-in"
ACTIVITY_INTERVAL = 60
# What the hub's configuration names.
MODULES = places.PACKAGE / "hub"
# What the hub's proxy loads first.
PROXY_SOCKETS = places.HUB_MODULES.parent / "proxy_sockets.mjs"


@step("JupyterHub")
def jupyterhub(settings: Settings) -> None:
    """Configure and start the hub."""
    unit_file = Path("/etc/systemd/system") / UNIT
    modules = put_modules()
    # Its group is the one that may reach the hub's pages.
    caddy.account(name="Make the web server's account")
    servers.lead_away_from_ports(PROXY_SOCKET, name="Lead the web server away from ports")
    servers.end_at_ports(name="End Jupyter servers that listen at ports")
    end_servers_of_before(
        settings, CONFIGURATION, name="End servers that began with other host names"
    )
    put_template(
        "jupyterhub_config.py",
        CONFIGURATION,
        base=BASE,
        path=session_environment.path_of("/home/{USERNAME}"),
        variables=session_environment.VARIABLES,
        idle_timeout=settings.idle_timeout,
        activity_interval=min(ACTIVITY_INTERVAL, settings.idle_timeout // 4 or ACTIVITY_INTERVAL),
        hub_socket=HUB_SOCKET,
        hub_url=_url(HUB_SOCKET),
        proxy_url=_url(PROXY_SOCKET),
        api_url=_url(API_SOCKET),
        proxy_sockets=PROXY_SOCKETS,
        proxy_pid=API_SOCKET.parent / "proxy.pid",
        person_domain=person_domain(settings),
        rstudio_sign_in=f"http://127.0.0.1:{rstudio.PORT}/auth-do-sign-in",
        umask=private_files.UMASK,
    )
    put_template(PROXY_SOCKETS.name, PROXY_SOCKETS)
    put_template("pam", Path("/etc/pam.d/workbench"))
    put_template(
        UNIT, unit_file, runtime=RUNTIME, proxy=PROXY_SOCKET.parent, private=API_SOCKET.parent
    )
    files.directory(
        name="Make the hub's folder on the data volume",
        path=str(places.HUB_STATE),
        mode="700",
        user="root",
    )
    read = [CONFIGURATION, unit_file, environments.MARKER, PROXY_SOCKETS, *modules]
    unit(UNIT, files=read, name="Start JupyterHub")
    begin_anew(name="Start over where its database is damaged or gone")


@operation
def begin_anew() -> Commands:
    """Restart a hub that still runs on what it couldn't start with; its start sets that aside.

    Each start, after a failure too, looks at all of it. Here it's a glance: converging a server
    in order doesn't read its whole database.
    """
    findings = state_files.hub_findings(whole=False)
    is_well = state_files.HUB_DATABASE.is_file() and not any(findings)
    if not is_well and unit_properties(UNIT)["ActiveState"] == "active":
        yield f"systemctl restart {UNIT}"


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


def _url(socket: Path) -> str:
    """Return the address of a socket as JupyterHub writes it."""
    return f"http+unix://{quote(str(socket), safe='')}"
