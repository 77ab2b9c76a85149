"""The recipe: everything that makes a machine the workbench's server, in order."""

from collections.abc import Callable

from workbench.host.data.identity import identity
from workbench.host.data.standby import administrator
from workbench.host.data.standby import stands_by
from workbench.host.data.storage import storage
from workbench.host.jupyter.kernels import kernels
from workbench.host.packages.shared_packages import shared_packages
from workbench.host.people.privacy import privacy
from workbench.host.people.private_files import private_files
from workbench.host.people.users import users
from workbench.host.services.caddy import proxy
from workbench.host.services.health import health
from workbench.host.services.jupyterhub import jupyterhub
from workbench.host.services.landing import landing
from workbench.host.services.rstudio import begin_rstudio_server
from workbench.host.services.rstudio import rstudio_server
from workbench.host.services.rstudio_package import rstudio_package
from workbench.host.services.ssh import ssh
from workbench.host.settings import Settings
from workbench.host.shares.limits import limits
from workbench.host.system.cran import cran
from workbench.host.system.environments import begin_environments
from workbench.host.system.environments import environments
from workbench.host.system.metadata import metadata
from workbench.host.system.packages import packages
from workbench.host.system.r_versions import r_kernels
from workbench.host.system.r_versions import r_versions
from workbench.host.system.root_disk import root_disk
from workbench.host.system.session_environment import session_environment
from workbench.host.system.updates import updates

Step = Callable[[Settings], None]

# The administrator first, who may be waiting to look in; then long work, side by side; then the
# data volume, and what is on it. What no first notebook needs continues when all is done.
RECIPE: tuple[Step, ...] = (
    administrator,
    begin_environments,
    begin_rstudio_server,
    packages,
    storage,
    identity,
    users,
    ssh,
    root_disk,
    limits,
    metadata,
    updates,
    cran,
    session_environment,
    kernels,
    environments,
    privacy,
    private_files,
    jupyterhub,
    r_versions,
    rstudio_package,
    rstudio_server,
    landing,
    proxy,
    r_kernels,
    health,
    shared_packages,
)

# What a server can have before the data volume comes to it.
STANDBY: tuple[Step, ...] = (
    administrator,
    begin_environments,
    begin_rstudio_server,
    packages,
    ssh,
    root_disk,
    limits,
    metadata,
    updates,
    cran,
    session_environment,
    kernels,
    environments,
    privacy,
    private_files,
    r_versions,
    rstudio_package,
    landing,
    r_kernels,
    shared_packages,
)


def steps_for(settings: Settings) -> tuple[Step, ...]:
    """Return this server's steps."""
    return STANDBY if stands_by(settings) else RECIPE
