"""RStudio Server, listening on this computer only, for the workbench's members."""

from pathlib import Path

from . import rstudio_package
from .operations import unit
from .pyinfra_typed import step
from .rendering import put_template
from .settings import Settings

UNIT = "rstudio-server.service"
PORT = 8787
CONFIGURATION = Path("/etc/rstudio/rserver.conf")
DROP_IN = Path(f"/etc/systemd/system/{UNIT}.d/workbench.conf")


@step("RStudio Server")
def rstudio_server(settings: Settings) -> None:
    """Install, configure and start RStudio Server."""
    put_template("rserver.conf", CONFIGURATION, port=PORT)
    put_template("rstudio-server.service.d.conf", DROP_IN)
    put_template("pam", Path("/etc/pam.d/rstudio"))
    rstudio_package.download(settings.rstudio, name="Download the package", _retries=2)
    rstudio_package.install(settings.rstudio, name="Install the package", _retries=2)
    unit(
        UNIT,
        files=[CONFIGURATION, DROP_IN, rstudio_package.INSTALLED],
        name="Start RStudio Server",
    )
