"""The distribution's packages, and RStudio Server's with them: one transaction for all."""

from io import StringIO

from . import apt
from . import rstudio_package
from .pyinfra_typed import Commands
from .pyinfra_typed import files
from .pyinfra_typed import operation
from .pyinfra_typed import step
from .settings import Package
from .settings import Settings

CONFIGURATION = """\
// Written by the workbench's recipe.
// The distribution's own timers may hold the lock for minutes.
DPkg::Lock::Timeout "300";
Acquire::Retries "3";
"""
# Keeps packages from starting services before their configuration is written.
POLICY = """\
#!/bin/sh
# Written by the workbench's recipe: it starts services itself, when they are configured.
[ -z "$WORKBENCH_INSTALLING" ] || exit 101
"""


@step("Packages")
def packages(settings: Settings) -> None:
    """Install what comes from the distribution, and RStudio Server's package with it."""
    files.put(
        name="Configure apt",
        src=StringIO(CONFIGURATION),
        dest="/etc/apt/apt.conf.d/90workbench",
        mode="644",
        create_remote_dir=False,
    )
    files.put(
        name="Keep services from starting unconfigured",
        src=StringIO(POLICY),
        dest="/usr/sbin/policy-rc.d",
        mode="755",
        create_remote_dir=False,
    )
    install(settings.rstudio, name="Install packages", _retries=4, _retry_delay=5)


@operation
def install(rstudio: Package) -> Commands:
    """Install the packages that are missing."""
    wanted = apt.missing(apt.PACKAGES)
    # With the others when it is here already; if not, its own step says what went wrong.
    with_rstudio = rstudio_package.is_waiting(rstudio)
    if with_rstudio:
        wanted.append(str(rstudio_package.archive(rstudio)))
    if not wanted:
        return
    yield from apt.update_commands()
    yield f"{apt.INSTALL} {' '.join(wanted)}"
    if with_rstudio:
        yield rstudio_package.remember(rstudio)
