"""Where R's packages come from: CRAN as it was on one day, as binaries."""

import platform
from pathlib import Path

from . import session_environment
from .private_files import UMASK
from .pyinfra_typed import step
from .rendering import put_template
from .settings import Settings

# Dated, so that everyone gets the same packages, today and on a server made next year; as late
# as what the recipe was tried with.
SNAPSHOT = "2026-11-02"
# docs.posit.co/rspm/admin/serving-binaries.html: a distribution goes by its codename.
REPOSITORY = "https://packagemanager.posit.co/cran/__linux__/{codename}/{snapshot}"


@step("R packages")
def cran(settings: Settings) -> None:
    """Let R and RStudio install binaries from a dated snapshot of CRAN."""
    # After the packages: the first belongs to r-base-core, and dpkg leaves it alone from now on.
    put_template(
        "Rprofile.site",
        Path("/etc/R/Rprofile.site"),
        repository=repository(),
        umask=UMASK,
        path=session_environment.path_of,
        variables=session_environment.VARIABLES,
    )
    put_template("Renviron.site", Path("/etc/R/Renviron.site"))
    put_template("rsession.conf", Path("/etc/rstudio/rsession.conf"), repository=repository())


def repository() -> str:
    """Return the snapshot's address for this server's distribution."""
    codename = platform.freedesktop_os_release()["VERSION_CODENAME"]
    return REPOSITORY.format(codename=codename, snapshot=SNAPSHOT)
