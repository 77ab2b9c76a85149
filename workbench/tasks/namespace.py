"""All tasks, in the order in which they are listed."""

from invoke.collection import Collection

from workbench.tasks.converge.tasks import converge
from workbench.tasks.converge.tasks import drift
from workbench.tasks.data import tasks as data
from workbench.tasks.destroy.tasks import destroy
from workbench.tasks.doctor.tasks import check
from workbench.tasks.doctor.tasks import doctor
from workbench.tasks.init.tasks import init
from workbench.tasks.labs import tasks as labs
from workbench.tasks.logs.tasks import logs
from workbench.tasks.power.tasks import restart
from workbench.tasks.power.tasks import start
from workbench.tasks.power.tasks import stop
from workbench.tasks.recover.tasks import recover
from workbench.tasks.rehearsal import tasks as rehearsal
from workbench.tasks.rehearsal.env import env
from workbench.tasks.resize.tasks import resize
from workbench.tasks.ssh import tasks as ssh
from workbench.tasks.status.tasks import open_page
from workbench.tasks.status.tasks import status
from workbench.tasks.up.tasks import up
from workbench.tasks.users import tasks as users

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
