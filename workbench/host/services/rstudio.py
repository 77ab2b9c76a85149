"""RStudio Server, at a port that is the system's, for the workbench's members."""

from pathlib import Path

from workbench.host.run.operations import unit
from workbench.host.run.pyinfra_typed import step
from workbench.host.run.rendering import put_template
from workbench.host.services import rstudio_package
from workbench.host.settings import Settings
from workbench.host.system import cran
from workbench.host.system import debs
from workbench.host.system import r_versions

UNIT = "rstudio-server.service"
# Below 1024, which people can't listen at; rules keep them from connecting to it, too.
PORT = 787
CONFIGURATION = Path("/etc/rstudio/rserver.conf")
SESSIONS = CONFIGURATION.with_name("rsession.conf")
DROP_IN = Path(f"/etc/systemd/system/{UNIT}.d/workbench.conf")


@step("RStudio Server and R begun")
def begin_rstudio_server(settings: Settings) -> None:
    """Configure RStudio Server, and fetch its package and R's, to be installed with all others."""
    # Before the package: it starts the server as it is installed, by itself, and on all
    # addresses where nothing else is written. It keeps these files.
    if not CONFIGURATION.exists():
        configure(settings)
    put_template("rstudio-server.service.d.conf", DROP_IN)
    put_template("pam", Path("/etc/pam.d/rstudio"))
    # A failure here is not the end: everything else is installed first, and then the step
    # that needs the file tries again and says what is wrong.
    deb = rstudio_package.rstudio_deb(settings)
    debs.download(deb, name="Download the package", _ignore_errors=True)
    r_versions.begin(settings)


def configure(settings: Settings) -> None:
    """Say where it listens, which R it starts, and where that one's packages come from."""
    r = r_versions.program(settings.r.default)
    put_template("rserver.conf", CONFIGURATION, port=PORT, r=r)
    repository = cran.repository(settings.r.default)
    put_template("rsession.conf", SESSIONS, repository=repository)


@step("RStudio Server")
def rstudio_server(settings: Settings) -> None:
    """Start RStudio Server."""
    # Not before its R is there: one that is refused must not end the R that people have.
    configure(settings)
    unit(
        UNIT,
        files=[CONFIGURATION, DROP_IN, rstudio_package.INSTALLED],
        name="Start RStudio Server",
    )
