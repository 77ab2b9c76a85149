"""People's pip, uv and npm install from the settings' mirrors, wherever they are started.

By these programs' files for the whole system, not by variables: what people or a project configure
wins over the former, and would lose to the latter.
"""

from io import StringIO
from pathlib import Path

from workbench.host.network_settings import NetworkSettings
from workbench.host.run.pyinfra_typed import Commands
from workbench.host.run.pyinfra_typed import files
from workbench.host.run.pyinfra_typed import operation
from workbench.host.system import network

# An administrator's own /etc/pip.conf is read after it.
PIP = Path("/etc/xdg/pip/pip.conf")
UV = Path("/etc/uv/uv.toml")
NPM = Path("/etc/npmrc")
HEADER = "# Written by the workbench's recipe.\n"


def mirrors(settings: NetworkSettings) -> None:
    """Write each program's file, or take it away where there is no mirror."""
    for path, text in texts(settings).items():
        put(path, text, name=f"Write {path}" if text else f"Have no {path} of the recipe's")


def texts(settings: NetworkSettings) -> dict[Path, str | None]:
    """Return what each file has; None where there is to be none."""
    pip = uv = npm = None
    if settings.pypi:
        pip = f"{HEADER}[global]\nindex-url = {settings.pypi}\n"
        if host := network.insecure_host(settings.pypi):
            pip += f"trusted-host = {host}\n"
        uv = f'{HEADER}[[index]]\nurl = "{settings.pypi}"\ndefault = true\n'
    if settings.npm:
        npm = f"{HEADER}registry={settings.npm}\n"
    return {PIP: pip, UV: uv, NPM: npm}


@operation
def put(path: Path, text: str | None) -> Commands:
    """Write a file; without a text, remove it where it is the recipe's."""
    if text is not None:
        yield from files.put._inner(src=StringIO(text), dest=str(path), mode="644")
    elif path.is_file() and path.read_text(errors="replace").startswith(HEADER):
        yield f"rm -f {path}"
