"""RStudio Server's package."""

from workbench.host import places
from workbench.host.run.pyinfra_typed import step
from workbench.host.settings import Settings
from workbench.host.system import debs
from workbench.host.system.debs import Deb

NAME = "rstudio-server"
INSTALLED = places.STATE / "rstudio-server.sha256"
ADVICE = "name another package with workbench:rstudioUrl and workbench:rstudioSha256"


def rstudio_deb(settings: Settings) -> Deb:
    """Return the package that the settings name, or the recipe's own."""
    return Deb(NAME, "RStudio Server", settings.rstudio, ADVICE)


@step("RStudio Server's package")
def rstudio_package(settings: Settings) -> None:
    """Fetch and install the package, unless it was with all the others."""
    deb = rstudio_deb(settings)
    debs.download(deb, name="Download it", _retries=2)
    debs.install(deb, name="Install it", _retries=2)
