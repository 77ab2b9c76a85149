"""JupyterHub, on this computer only: people sign in with their account's password."""

from pathlib import Path

from . import environments
from . import kernels
from . import places
from .operations import unit
from .pyinfra_typed import files
from .pyinfra_typed import step
from .rendering import put_template
from .settings import Settings

UNIT = "jupyterhub.service"
CONFIGURATION = Path("/etc/jupyterhub/jupyterhub_config.py")
PORT = 8000
BASE = "/jupyter/"


@step("JupyterHub")
def jupyterhub(settings: Settings) -> None:
    """Configure and start the hub."""
    unit_file = Path("/etc/systemd/system") / UNIT
    put_template(
        "jupyterhub_config.py",
        CONFIGURATION,
        port=PORT,
        base=BASE,
        jupyter_path=kernels.FOLDER,
    )
    put_template("pam", Path("/etc/pam.d/workbench"))
    put_template(UNIT, unit_file)
    files.directory(
        name="Make the hub's folder on the data volume",
        path=str(places.HUB_STATE),
        mode="700",
        user="root",
    )
    unit(UNIT, files=[CONFIGURATION, unit_file, environments.MARKER], name="Start JupyterHub")
