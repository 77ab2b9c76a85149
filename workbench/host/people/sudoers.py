"""Who may use sudo: the administrators that the settings name, and nobody else."""

import grp

from workbench.host import places
from workbench.host.run.pyinfra_typed import Commands
from workbench.host.run.pyinfra_typed import operation
from workbench.host.settings import Settings


@operation
def only_administrators(settings: Settings) -> Commands:
    """Take those out of the administrators' group whom someone put there manually."""
    named = {user.name for user in settings.users if user.administrator}
    named.add(settings.administrator.name)
    for name in sorted(set(grp.getgrnam(places.ADMINISTRATORS).gr_mem) - named):
        yield f"gpasswd --delete {name} {places.ADMINISTRATORS}"
