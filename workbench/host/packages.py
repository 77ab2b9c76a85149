"""The distribution's packages, and RStudio Server's with them: one transaction for all."""

from collections.abc import Iterator
from collections.abc import Sequence

from pyinfra.api import operation
from pyinfra.api.deploy import deploy

from . import apt
from . import rstudio_package
from .settings import Package
from .settings import Settings

PACKAGES = (
    "caddy",
    "libpam-systemd",
    "python3-venv",
    "r-base-core",
    "r-cran-irkernel",
    "r-recommended",
    "unattended-upgrades",
    "xfsprogs",
)


@deploy("Packages")
def packages(settings: Settings) -> None:
    """Install what comes from the distribution, and RStudio Server's package with it."""
    apt.configure_apt()
    install(PACKAGES, settings.rstudio, name="Install packages", _retries=2, _retry_delay=5)


@operation()
def install(names: Sequence[str], rstudio: Package) -> Iterator[str]:
    """Install the packages that are missing."""
    missing = sorted(set(names) - apt.installed_versions(names).keys())
    # With the others when it is here already; if not, its own step says what went wrong.
    with_rstudio = rstudio_package.is_waiting(rstudio)
    if with_rstudio:
        missing.append(str(rstudio_package.archive(rstudio)))
    if not missing:
        return
    yield from apt.update_commands()
    yield apt.INSTALL + " ".join(missing)
    if with_rstudio:
        yield rstudio_package.remember(rstudio)
