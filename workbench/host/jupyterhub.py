"""JupyterHub, on this computer only: people sign in with their account's password."""

from pathlib import Path

from . import environments
from . import kernels
from . import places
from . import state_files
from .operations import unit
from .operations import unit_properties
from .pyinfra_typed import Commands
from .pyinfra_typed import files
from .pyinfra_typed import operation
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
    read = [CONFIGURATION, unit_file, environments.MARKER, *modules]
    unit(UNIT, files=read, name="Start JupyterHub")
    begin_anew(name="Begin anew where its database is damaged or gone")


@operation
def begin_anew() -> Commands:
    """Restart a hub that still runs on what it couldn't start with; its start sets that aside."""
    is_well = state_files.HUB_DATABASE.is_file() and not any(state_files.hub_findings())
    if not is_well and unit_properties(UNIT)["ActiveState"] == "active":
        yield f"systemctl restart {UNIT}"


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
