"""People's pip, uv and npm install from the settings' mirrors, wherever they are started.

By these programs' files for the whole system, not by variables: what people or a project configure
wins over the former, and would lose to the latter. Standard library only: the recipe's own uv reads
them, too, so they are written before it is used.
"""

from pathlib import Path

from workbench.host.network_settings import NetworkSettings
from workbench.host.system import network

# An administrator's own /etc/pip.conf is read after it.
PIP = Path("/etc/xdg/pip/pip.conf")
UV = Path("/etc/uv/uv.toml")
NPM = Path("/etc/npmrc")
HEADER = "# Written by the workbench's recipe.\n"


def ensure_mirrors(settings: NetworkSettings) -> bool:
    """Write each program's file, or take away the recipe's; say whether that changed anything."""
    if are_as_wanted(settings):
        return False
    for path, text in texts(settings).items():
        if text is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            path.chmod(0o644)
        elif _is_ours(path):
            path.unlink()
    return True


def are_as_wanted(settings: NetworkSettings) -> bool:
    """Say whether the files are as the settings have them."""
    return all(
        not _is_ours(path) if text is None else path.is_file() and path.read_text() == text
        for path, text in texts(settings).items()
    )


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


def _is_ours(path: Path) -> bool:
    return path.is_file() and path.read_text(errors="replace").startswith(HEADER)
