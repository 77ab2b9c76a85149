"""RStudio Server, at a port that is the system's, for the workbench's members."""

from pathlib import Path
from typing import Any

from workbench.host import places
from workbench.host.run.operations import unit
from workbench.host.run.pyinfra_typed import step
from workbench.host.run.rendering import TEMPLATES
from workbench.host.run.rendering import put_template
from workbench.host.service import Card
from workbench.host.service import Probe
from workbench.host.service import Service
from workbench.host.service import Work
from workbench.host.services import jupyterhub
from workbench.host.settings import Settings
from workbench.host.system import apt
from workbench.host.system import cran
from workbench.host.system import debs
from workbench.host.system import r_versions
from workbench.host.system.debs import Deb

UNIT = "rstudio-server.service"
# Below 1024, which people can't listen on; rules keep them from connecting to it, too.
PORT = 787
CONFIGURATION = Path("/etc/rstudio/rserver.conf")
SESSIONS = CONFIGURATION.with_name("rsession.conf")
DROP_IN = Path(f"/etc/systemd/system/{UNIT}.d/workbench.conf")
PAM = Path("/etc/pam.d/rstudio")
NAME = "rstudio-server"
INSTALLED = places.STATE / "rstudio-server.sha256"
ADVICE = "name another package with workbench:rstudioUrl and workbench:rstudioSha256"


def rstudio_deb(settings: Settings) -> Deb:
    """Return the package that the settings name, or the recipe's own."""
    return Deb(NAME, "RStudio Server", settings.rstudio, ADVICE)


@step("RStudio Server begun")
def begin_rstudio_server(settings: Settings) -> None:
    """Configure RStudio Server, and fetch its package, to be installed with all others."""
    # Before the package: it starts the server as it is installed, by itself, and on all
    # addresses where nothing else is written. It keeps these files.
    if not CONFIGURATION.exists():
        configure(settings)
    put_template("rstudio-server.service.d.conf", DROP_IN)
    put_template("pam", PAM)
    # A failure here is not the end: everything else is installed first, and then the step
    # that needs the file tries again and says what is wrong.
    deb = rstudio_deb(settings)
    debs.download(deb, name="Download the package", _ignore_errors=True)


def configure(settings: Settings) -> None:
    """Say where it listens, which R it starts, and where that one's packages come from."""
    r = r_versions.program(settings.r.default)
    put_template("rserver.conf", CONFIGURATION, port=PORT, r=r)
    repository = cran.repository(settings, settings.r.default)
    put_template("rsession.conf", SESSIONS, repository=repository)


@step("RStudio Server's package")
def rstudio_package(settings: Settings) -> None:
    """Fetch and install the package, unless it was with all the others."""
    deb = rstudio_deb(settings)
    debs.download(deb, name="Download it", _retries=2)
    debs.install(deb, name="Install it", _retries=2)


@step("RStudio Server")
def rstudio_server(settings: Settings) -> None:
    """Start RStudio Server."""
    # Not before its R is there: one that is refused must not end the R that people have.
    configure(settings)
    unit(
        UNIT,
        files=[CONFIGURATION, DROP_IN, INSTALLED],
        name="Start RStudio Server",
    )


def version() -> str:
    """Return the installed version."""
    return apt.installed_versions([NAME])[NAME]


def values(settings: Settings) -> dict[str, Any]:
    """Return what its routes need."""
    return {"port": PORT, "sign_in": jupyterhub.SIGN_IN, "hub_socket": jupyterhub.HUB_SOCKET}


SERVICE = Service(
    name="rstudio",
    title="RStudio Server",
    unit=UNIT,
    about="RStudio Server",
    version=version,
    begin=begin_rstudio_server,
    prepare=rstudio_package,
    start=rstudio_server,
    port=PORT,
    is_default=True,
    path="/rstudio/",
    probe=Probe(PORT, "/auth-sign-in"),
    card=Card(
        "The RStudio IDE for R, in your browser.",
        "#1d6fb8",
        "#75b7f0",
        standin="It signs you in as RStudio does, and shows no IDE.",
    ),
    routes=TEMPLATES / "rstudio-routes.j2",
    values=values,
    package=NAME,
    deb=rstudio_deb,
    ends="the R sessions in RStudio",
    work=(Work("rstudio", "RStudio session", process="rsession"),),
    accounts=(NAME,),
    closed_ports=(8787,),
    aliases=(NAME,),
    # The hub looks at its passwords, and counts the wrong ones.
    needs=(jupyterhub.SERVICE.name,),
    needs_r=True,
    # It shows pages of the person whose cookie it is sent, and another host's page can plant one.
    has_own_host=True,
    form="/auth-do-sign-in",
    files=(CONFIGURATION.parent, DROP_IN.parent, PAM, INSTALLED),
    former="127.0.0.1:8787",
)
