"""The recipe: everything that makes a machine the workbench's server, in order."""

from collections.abc import Callable

from .cran import cran
from .environments import begin_environments
from .environments import environments
from .health import health
from .identity import identity
from .jupyterhub import jupyterhub
from .kernels import kernels
from .limits import limits
from .metadata import metadata
from .packages import packages
from .privacy import privacy
from .private_files import private_files
from .proxy import proxy
from .r_versions import r_kernels
from .r_versions import r_versions
from .root_disk import root_disk
from .rstudio import begin_rstudio_server
from .rstudio import rstudio_server
from .rstudio_package import rstudio_package
from .services import landing
from .session_environment import session_environment
from .settings import Settings
from .shared_packages import shared_packages
from .ssh import ssh
from .standby import administrator
from .standby import stands_by
from .storage import storage
from .updates import updates
from .users import users

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
