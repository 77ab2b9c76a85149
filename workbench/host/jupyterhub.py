"""JupyterHub, on this computer only: people sign in with their account's password."""

from pathlib import Path

from . import environments
from . import places
from . import session_environment
from .operations import unit
from .pyinfra_typed import files
from .pyinfra_typed import step
from .rendering import put_template
from .settings import Settings

UNIT = "jupyterhub.service"
CONFIGURATION = Path("/etc/jupyterhub/jupyterhub_config.py")
PORT = 8000
BASE = "/jupyter/"
# What the hub's configuration imports.
MODULES = Path(__file__).parent / "hub"


@step("JupyterHub")
def jupyterhub(settings: Settings) -> None:
    """Configure and start the hub."""
    unit_file = Path("/etc/systemd/system") / UNIT
    modules = put_modules()
    put_template(
        "jupyterhub_config.py",
        CONFIGURATION,
        port=PORT,
        base=BASE,
        path=session_environment.path_of("/home/{USERNAME}"),
        variables=session_environment.VARIABLES,
    )
    put_template("pam", Path("/etc/pam.d/workbench"))
    put_template(UNIT, unit_file)
    files.directory(
        name="Make the hub's folder on the data volume",
        path=str(places.HUB_STATE),
        mode="700",
        user="root",
    )
    read = [CONFIGURATION, unit_file, environments.MARKER, *modules]
    unit(UNIT, files=read, name="Start JupyterHub")


def put_modules() -> list[Path]:
    """Write the modules that the hub's configuration imports; return where they are."""
    written = []
    for module in sorted(MODULES.glob("*.py")):
        written.append(places.HUB_MODULES / module.name)
        files.put(
            name=f"Write {written[-1]}",
            src=str(module),
            dest=str(written[-1]),
            mode="644",
            user="root",
            group="root",
        )
    return written
