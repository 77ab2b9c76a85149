"""What a person does with a workbench: one namespace of Fabric tasks.

``workbench …`` and ``fab …`` run the same tasks; another fabfile can take ``namespace``, or
single collections of it.
"""

from invoke.collection import Collection

from workbench.tasks import data
from workbench.tasks import rehearsal
from workbench.tasks import ssh
from workbench.tasks import users
from workbench.tasks.check import check
from workbench.tasks.converge import converge
from workbench.tasks.destroy import destroy
from workbench.tasks.doctor import doctor
from workbench.tasks.drift import drift
from workbench.tasks.env import env
from workbench.tasks.init import init
from workbench.tasks.labs import tasks as labs
from workbench.tasks.logs import logs
from workbench.tasks.open import open_page
from workbench.tasks.power import restart
from workbench.tasks.power import start
from workbench.tasks.power import stop
from workbench.tasks.recover import recover
from workbench.tasks.resize import resize
from workbench.tasks.status import status
from workbench.tasks.up import up

__all__ = ["namespace"]

namespace = Collection(
    up,
    init,
    start,
    stop,
    restart,
    resize,
    destroy,
    status,
    check,
    converge,
    drift,
    logs,
    open_page,
    doctor,
    env,
    recover,
    data.collection,
    labs.collection,
    rehearsal.collection,
    ssh.collection,
    users.collection,
)
