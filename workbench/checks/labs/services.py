"""The reader's services: running, there again after a boot, and what answers at their ports."""

from dataclasses import dataclass

from workbench.checks.check import Outcome
from workbench.checks.check import failed
from workbench.checks.check import passed
from workbench.checks.http import BROWSER
from workbench.checks.server import INNER_ADDRESSES
from workbench.checks.services import Unit
from workbench.checks.services import read_units
from workbench.checks.ssh import SSH_PORT
from workbench.checks.target import Answer
from workbench.checks.target import Server
from workbench.checks.target import Target
from workbench.terminal import read_json

HUB_DATABASE = "jupyterhub.sqlite"
LIMIT = 30
# In seconds: for how long after its start a service may not answer yet.
YOUNG = 180


@dataclass(frozen=True)
class Service:
    """A service of the reader's: its unit, its name in sentences, and the port it answers at."""

    unit: str
    name: str
    port: int


JUPYTERHUB = Service("jupyterhub", "JupyterHub", 8000)
RSTUDIO = Service("rstudio-server", "RStudio Server", 8787)


def check_hub_service(target: Target) -> Outcome:
    """Check that JupyterHub is a service, which answers, with its files in a folder of its own."""
    server = target.server()
    unit = read_units(server, [JUPYTERHUB.unit])[0]
    wrong = _amiss(server, JUPYTERHUB, unit)
    if wrong:
        return failed(wrong)
    answer = _get(server, unit, f"-f http://127.0.0.1:{JUPYTERHUB.port}/hub/api")
    if not answer.ok:
        return failed(f"JupyterHub doesn't answer on port {JUPYTERHUB.port}")
    wrong = _amiss_in_folder(server)
    version = read_json(answer.stdout)["version"]
    return failed(wrong) if wrong else passed(f"JupyterHub {version}, which starts at each boot")


def _amiss_in_folder(server: Server) -> str:
    """Say what is wrong with where the hub keeps its database."""
    unit = f"systemctl show -p MainPID --value {JUPYTERHUB.unit}"
    folder = server.run(f"sudo -n readlink /proc/$({unit})/cwd", limit=LIMIT).stdout.strip()
    if folder == "/":
        return (
            "JupyterHub has no working directory, so that its database and the secret of its"
            " cookies are in /"
        )
    readable = f"sudo -n runuser -u nobody -- test -r {folder}/{HUB_DATABASE}"
    if server.run(readable, limit=LIMIT).ok:
        return f"everyone on the server can read JupyterHub's database in {folder}"
    return ""


def check_rstudio_service(target: Target) -> Outcome:
    """Check that RStudio Server is a service, and asks who is there."""
    server = target.server()
    unit = read_units(server, [RSTUDIO.unit])[0]
    wrong = _amiss(server, RSTUDIO, unit)
    if wrong:
        return failed(wrong)
    shown = f"-o /dev/null -A '{BROWSER}' -w '%{{http_code}} %{{redirect_url}}\\n'"
    answer = _get(server, unit, f"{shown} http://127.0.0.1:{RSTUDIO.port}/")
    # A line for each time it was asked.
    code, _, leads = (answer.stdout.strip().splitlines() or [""])[-1].partition(" ")
    if code != "302" or "/auth-sign-in" not in leads:
        return failed(f"port {RSTUDIO.port} answers {code} {leads}".rstrip() + ", no sign-in")
    return passed("RStudio Server asks for name and password, and starts at each boot")


def _get(server: Server, unit: Unit, what: str) -> Answer:
    """Ask a service by curl; one that was started just now gets the time to answer.

    JupyterHub's proxy may be there before the hub, and then answers 404, which curl won't retry.
    """
    tries = max(1, int(YOUNG - unit.running))
    asked = f"curl -s --max-time {LIMIT} {what}"
    waiting = f"for n in $(seq {tries}); do {asked} && exit 0; sleep 1; done; exit 1"
    return server.run(waiting, limit=2 * YOUNG)


def _amiss(server: Server, service: Service, unit: Unit) -> str:
    """Say what is wrong with a service as systemd has it, and with what answers at its port."""
    holder = _holder(server, service.port)
    if not unit.is_well:
        other = f"; what answers on port {service.port} is {holder}" if holder else ""
        return f"{unit.told()}{other}"
    state = server.run(f"systemctl is-enabled {service.unit}", limit=LIMIT).stdout.strip()
    if state != "enabled":
        return f"{service.name} runs, but won't after the next boot: its service isn't enabled"
    if holder and holder != f"{service.unit}.service":
        return f"port {service.port} is answered by {holder}, not by {service.name}"
    return ""


def _holder(server: Server, port: int) -> str:
    """Return the unit whose process listens on a port, wherever it listens."""
    rows = server.run(f"sudo -n ss -Hltnp 'sport = :{port}'", limit=LIMIT).stdout
    pids = [part.split(",")[0] for part in rows.split("pid=")[1:]]
    if not pids:
        return ""
    units = server.run(f"ps -o unit= -p {','.join(pids)}", limit=LIMIT).stdout.split()
    return ", ".join(dict.fromkeys(units))


def check_inside(target: Target) -> Outcome:
    """Check that nothing but SSH listens where the network could reach it."""
    rows = target.server().run("ss -Hltn", limit=LIMIT).stdout.splitlines()
    addresses = [row.split()[3] for row in rows if row.strip()]
    outer = {a.rpartition(":")[2] for a in addresses if not a.startswith(INNER_ADDRESSES)}
    others = sorted(outer - {str(SSH_PORT)}, key=int)
    if others:
        return failed(f"listening on every address: port {', '.join(others)}")
    return passed(f"only port {SSH_PORT} can be reached; the services listen on 127.0.0.1")
