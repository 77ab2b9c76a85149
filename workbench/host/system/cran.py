"""Where R's packages come from: CRAN as it was on one day, as binaries."""

import platform
from pathlib import Path

from workbench.host import software
from workbench.host.people.private_files import UMASK
from workbench.host.run.pyinfra_typed import step
from workbench.host.run.rendering import put_template
from workbench.host.settings import Settings
from workbench.host.software import DISTRIBUTION
from workbench.host.system import session_environment

# docs.posit.co/rspm/admin/serving-binaries.html: a distribution goes by its codename.
REPOSITORY = "https://packagemanager.posit.co/cran/__linux__/{codename}/{snapshot}"
# The distribution's own R: its settings, and its version.
DISTRIBUTIONS_ETC = Path("/etc/R")
DISTRIBUTIONS_R = {"bookworm": "4.2.2", "noble": "4.3.3"}


@step("R packages")
def cran(settings: Settings) -> None:
    """Let R install binaries from a dated snapshot of CRAN."""
    # After the packages: the first belongs to r-base-core, and dpkg leaves it alone from now on.
    write_site_files(settings, DISTRIBUTIONS_ETC, DISTRIBUTION)


def write_site_files(settings: Settings, folder: Path, version: str) -> None:
    """Write what every R of a version reads when it starts."""
    put_template(
        "Rprofile.site",
        folder / "Rprofile.site",
        repository=repository(settings, version),
        umask=UMASK,
        path=session_environment.path_of,
    )
    variables = session_environment.variables(settings)
    put_template("Renviron.site", folder / "Renviron.site", variables=variables)


def repository(settings: Settings, version: str) -> str:
    """Return the address of the snapshot that fits a version of R, for this distribution.

    Dated, so that everyone gets the same packages, today and on a server made next year.
    """
    codename = platform.freedesktop_os_release()["VERSION_CODENAME"]
    if version == DISTRIBUTION:
        version = DISTRIBUTIONS_R.get(codename, software.CURRENT_R)
    address = settings.network.cran or REPOSITORY
    return address.format(codename=codename, snapshot=software.snapshot(version))
