"""The recipe: everything that makes a machine the workbench's server, in order."""

from collections.abc import Iterable
from collections.abc import Sequence

from workbench.host import service_table
from workbench.host.data.identity import identity
from workbench.host.data.standby import administrator
from workbench.host.data.standby import stands_by
from workbench.host.data.storage import storage
from workbench.host.jupyter.kernels import kernels
from workbench.host.packages.shared_packages import shared_packages
from workbench.host.people.privacy import privacy
from workbench.host.people.private_files import private_files
from workbench.host.people.users import users
from workbench.host.run.pyinfra_typed import Step
from workbench.host.service import Service
from workbench.host.service import Stage
from workbench.host.settings import Settings
from workbench.host.shares.limits import limits
from workbench.host.system.cran import cran
from workbench.host.system.environments import begin_environments
from workbench.host.system.environments import environments
from workbench.host.system.metadata import metadata
from workbench.host.system.packages import packages
from workbench.host.system.r_versions import begin_r
from workbench.host.system.r_versions import r_kernels
from workbench.host.system.r_versions import r_versions
from workbench.host.system.root_disk import root_disk
from workbench.host.system.session_environment import session_environment
from workbench.host.system.updates import updates
from workbench.host.web.health import health
from workbench.host.web.landing import landing
from workbench.host.web.removal import removal

# The machine itself, and what people find on it whatever the services are.
_SYSTEM: tuple[Step, ...] = (
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
)


def recipe(services: Sequence[Service]) -> tuple[Step, ...]:
    """Return the steps of a server that has these services.

    The administrator first, who may be waiting to look in; then long work, side by side; then the
    data volume, and what is on it. What no first notebook needs continues when all is done.
    """
    before = [each for each in services if not each.needs_r]
    after = [each for each in services if each.needs_r]
    return (
        *_begun(services),
        packages,
        storage,
        identity,
        users,
        *_started(services, Stage.ACCESS),
        *_SYSTEM,
        removal,
        *_prepared(before),
        *_started(before, Stage.SERVICE),
        r_versions,
        *_prepared(after),
        *_started(after, Stage.SERVICE),
        landing,
        *_started(services, Stage.WEB),
        r_kernels,
        health,
        shared_packages,
    )


def recipe_on_standby(services: Sequence[Service]) -> tuple[Step, ...]:
    """Return the steps that a server can have before the data volume comes to it."""
    return (
        *_begun(services),
        packages,
        *_started(services, Stage.ACCESS),
        *_SYSTEM,
        removal,
        *_prepared([each for each in services if not each.needs_r]),
        r_versions,
        *_prepared([each for each in services if each.needs_r]),
        landing,
        r_kernels,
        shared_packages,
    )


def steps_for(settings: Settings) -> tuple[Step, ...]:
    """Return this server's steps: with the system's R alone, there is no R to fetch."""
    services = service_table.choose(settings.services)
    steps = recipe_on_standby(services) if stands_by(settings) else recipe(services)
    return tuple(step for step in steps if step is not begin_r or settings.r.from_posit)


def _begun(services: Iterable[Service]) -> tuple[Step, ...]:
    early = [each.begin for each in services if each.begin is not None]
    return (administrator, begin_environments, *early, begin_r)


def _prepared(services: Iterable[Service]) -> list[Step]:
    return [each.prepare for each in services if each.prepare is not None]


def _started(services: Iterable[Service], stage: Stage) -> list[Step]:
    return [each.start for each in services if each.stage is stage]
