"""Kernels: Python and R in every notebook."""

import json
from io import StringIO
from pathlib import Path

from workbench.host import places
from workbench.host.run.pyinfra_typed import files
from workbench.host.run.pyinfra_typed import step
from workbench.host.run.rendering import put_template
from workbench.host.settings import Settings

SERVER_CONFIGURATION = Path("/etc/jupyter/jupyter_server_config.py")
# Those that start kernels by Jupyter's configuration; "jupyter execute" reads none.
PROGRAMS = {
    "nbconvert": "jupyter_nbconvert_config.py",
    "console": "jupyter_console_config.py",
    # Named by the program's own name, which has a space.
    "run": "jupyter run_config.py",
}
# First in JUPYTER_PATH of the users' servers, so that these win over the hub's own.
FOLDER = places.WORKBENCH / "share" / "jupyter"
# Starts a Python kernel in a person's own environment.
START = places.WORKBENCH / "bin" / "start-kernel"
STARTER = places.WORKBENCH / "bin" / "start_kernel.py"


@step("Kernels")
def kernels(settings: Settings) -> None:
    """Offer Python, for everyone; R's kernels come with R."""
    kernel("python3", "Python 3", "python", [str(START), "-f", "{connection_file}"])
    put_template(SERVER_CONFIGURATION.name, SERVER_CONFIGURATION)
    for program, file in PROGRAMS.items():
        path = SERVER_CONFIGURATION.parent / file
        put_template("jupyter_kernel_sockets.py", path, program=f"jupyter {program}")
    extensions = dict.fromkeys(("workbench_hub.activity", "workbench_hub.ended"), True)
    enabled = {"ServerApp": {"jpserver_extensions": extensions}}
    files.put(
        name="Enable the workbench's own extensions of Jupyter",
        src=StringIO(json.dumps(enabled, indent=1) + "\n"),
        dest=str(SERVER_CONFIGURATION.with_suffix(".d") / "workbench.json"),
        mode="644",
    )


def kernel(folder: str, title: str, language: str, command: list[str]) -> None:
    """Write a kernel's description."""
    content = {"argv": command, "display_name": title, "language": language}
    files.put(
        name=f"Offer {title}",
        src=StringIO(json.dumps(content, indent=1) + "\n"),
        dest=str(Path(FOLDER) / "kernels" / folder / "kernel.json"),
        mode="644",
    )
