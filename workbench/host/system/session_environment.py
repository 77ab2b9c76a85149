"""One environment wherever a person is: PATH, locale, time zone and Jupyter's folders.

Notebooks, JupyterLab's terminals, RStudio, SSH with and without a terminal, and ``su`` each read
it at another place, so it is written once here and rendered into each of them.
"""

import sys
from pathlib import Path
from typing import Any

from workbench.host import places
from workbench.host.jupyter import kernels
from workbench.host.jupyter import lab
from workbench.host.run.pyinfra_typed import Commands
from workbench.host.run.pyinfra_typed import files
from workbench.host.run.pyinfra_typed import operation
from workbench.host.run.pyinfra_typed import step
from workbench.host.run.rendering import put_template
from workbench.host.settings import Settings
from workbench.host.system import apt
from workbench.host.system import crontabs
from workbench.host.system import mirrors
from workbench.host.system import network
from workbench.host.system import pam
from workbench.host.system import tools
from workbench.host.system.time_zone import set_time_zone

PYTHON = "python{}.{}".format(*sys.version_info)
# The version and the architecture are in its name: a replaced server may have another of either,
# and find its own again when it comes back.
PERSONAL_PYTHON = f".local/share/workbench/{PYTHON}-{apt.architecture()}"
# Below a person's home, and everyone's: who installs something means it.
IN_HOME = (f"{PERSONAL_PYTHON}/bin", ".local/bin")
FOR_ALL = (
    f"{places.NOTEBOOKS}/bin",
    "/usr/local/bin",
    # After the system's own programs that the recipe offers, such as uv.
    f"{places.EVERYONE_PYTHON}/bin",
    "/usr/bin",
    "/bin",
    "/usr/local/games",
    "/usr/games",
    # Last: for "jupyter", and no other program of the hub's.
    f"{places.JUPYTERHUB}/bin",
)
VARIABLES = {
    "JUPYTER_PATH": str(kernels.FOLDER),
    # These trust the authorities they brought along only, unless told so: uv, what is made with
    # requests (boto3 among it) or httpx, and Node.
    "UV_SYSTEM_CERTS": "1",
    "REQUESTS_CA_BUNDLE": network.BUNDLE,
    "SSL_CERT_FILE": network.BUNDLE,
    "NODE_EXTRA_CA_CERTS": network.BUNDLE,
}
PAM_PROFILE = pam.PROFILES / "workbench-environment"
PAM_VARIABLES = Path("/etc/security/workbench-env.conf")
SESSION = Path("/usr/local/sbin/workbench-session")
ENVIRONMENT = Path("/etc/environment")
QUARTO = "/usr/lib/rstudio-server/bin/quarto/bin/quarto"


def variables(settings: Settings) -> dict[str, str]:
    """Return the environment besides PATH, with the proxy and npm's mirror where there are any."""
    npm = {"NPM_CONFIG_GLOBALCONFIG": str(mirrors.NPM)} if settings.network.npm else {}
    return VARIABLES | npm | settings.network.proxy_variables


def path_of(home: str) -> list[str]:
    """Return the folders of PATH, in order, for a home as the reader of the file writes it."""
    return [*(f"{home}/{folder}" for folder in IN_HOME), *FOR_ALL]


@step("People's environment")
def session_environment(settings: Settings) -> None:
    """Give people a Python of their own, and the same PATH everywhere."""
    put_template(
        "personal-python",
        places.PERSONAL_PYTHON,
        mode="755",
        python=PYTHON,
        folder=PERSONAL_PYTHON,
    )
    put_template("start-kernel", kernels.START, mode="755")
    put_template("start_kernel.py", kernels.STARTER, python=PYTHON)
    put_template("workbench-session", SESSION, mode="755")
    values: dict[str, Any] = {"path": path_of, "variables": variables(settings), "in_home": IN_HOME}
    put_template("profile.sh", Path("/etc/profile.d/workbench.sh"), **values)
    # For "systemctl --user".
    put_template("environment.d.conf", Path("/etc/environment.d/50-workbench.conf"), **values)
    put_template("pam-env.conf", PAM_VARIABLES, **values)
    put_template("pam-config-environment", PAM_PROFILE, variables=PAM_VARIABLES, program=SESSION)
    files.link(name="Offer uv", path="/usr/local/bin/uv", target=str(tools.UV))
    pam.enable_profile(PAM_PROFILE, name="Have PAM set the environment")
    # RStudio Server brings it along.
    files.link(name="Offer Quarto", path="/usr/local/bin/quarto", target=QUARTO)
    leave_path_alone(name="Take PATH out of /etc/environment")
    set_time_zone(settings.time_zone, name=f"Set the time zone {settings.time_zone}")
    crontabs.crontabs(path_of)
    lab.lab()


@operation
def leave_path_alone() -> Commands:
    """Take out Ubuntu's line with PATH: sshd reads it after ours, and "ssh host python" fails."""
    if ENVIRONMENT.exists() and any(
        line.startswith("PATH=") for line in ENVIRONMENT.read_text().splitlines()
    ):
        yield f"sed -i '/^PATH=/d' {ENVIRONMENT}"
