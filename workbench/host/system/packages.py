"""The distribution's packages, and Posit's with them: one transaction for all."""

from collections.abc import Sequence
from io import StringIO

from workbench.host import service_table
from workbench.host.run.pyinfra_typed import Commands
from workbench.host.run.pyinfra_typed import files
from workbench.host.run.pyinfra_typed import operation
from workbench.host.run.pyinfra_typed import step
from workbench.host.settings import Settings
from workbench.host.system import apt
from workbench.host.system import debs
from workbench.host.system.debs import Deb
from workbench.host.system.r_versions import r_debs

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
    """Install what comes from the distribution, and the packages of services and R."""
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
    services = service_table.choose(settings.services)
    own = [each.deb(settings) for each in services if each.deb]
    needed = [name for each in services for name in each.apt]
    install([*own, *r_debs(settings)], needed, name="Install packages", _retries=4, _retry_delay=5)


@operation
def install(fetched: Sequence[Deb], needed: Sequence[str]) -> Commands:
    """Install the packages that are missing."""
    # Those with the others that are here already; the rest's own steps say what went wrong.
    here = debs.waiting(fetched)
    wanted = [*apt.missing([*apt.wanted(), *needed]), *(str(deb.archive) for deb in here)]
    if not wanted:
        return
    yield from apt.update_commands()
    yield f"{apt.INSTALL} {' '.join(wanted)}"
    for deb in here:
        yield deb.remember()
