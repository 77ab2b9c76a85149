"""A server alongside the one that serves: all of the recipe that needs no data volume.

Host keys, accounts and certificates are the volume's. A server that has none of its own can take
the volume over at any time, and nothing is there to be in the way.
"""

import os

from workbench.host import places
from workbench.host.data.volume import Volume
from workbench.host.data.volume import find
from workbench.host.people.users import authorize
from workbench.host.people.users import retired
from workbench.host.run.pyinfra_typed import step
from workbench.host.settings import Settings


def stands_by(settings: Settings) -> bool:
    """Say whether the data volume is at the other one of two servers."""
    volume = settings.data_volume
    if not volume.may_be_elsewhere or os.path.ismount(places.DATA):
        return False
    return find(Volume(volume.id, volume.device, settings.administrator.name)) is None


@step("Administrator")
def administrator(settings: Settings) -> None:
    """Let the administrator in with the key of today: the key pair may have an older one."""
    authorize(
        settings.administrator,
        without=retired(settings.administrator),
        name="Authorize the administrator's SSH keys",
    )
