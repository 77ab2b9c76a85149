"""RStudio Server's package: a file from an address, with a known SHA-256."""

from pathlib import Path

from . import apt
from . import places
from .pyinfra_typed import Commands
from .pyinfra_typed import operation
from .pyinfra_typed import step
from .settings import Package
from .settings import Settings

NAME = "rstudio-server"
INSTALLED = places.STATE / "rstudio-server.sha256"


@step("RStudio Server's package")
def rstudio_package(settings: Settings) -> None:
    """Fetch and install the package, unless it was with all the others."""
    download(settings.rstudio, name="Download it", _retries=2)
    install(settings.rstudio, name="Install it", _retries=2)


@operation
def download(package: Package) -> Commands:
    """Download the package, unless it is installed or here; refuse another SHA-256."""
    if is_installed(package) or archive(package).exists():
        return
    target = archive(package)
    partial = f"{target}.part"
    yield f"mkdir -p {target.parent}"
    yield (
        f"curl -fsSL --retry 3 --connect-timeout 20 --max-time 900 -o '{partial}' '{package.url}'"
        f" || {{ echo 'RStudio Server can not be downloaded from {package.url}: let the server"
        " reach it, or name another package with workbench:rstudioUrl and"
        " workbench:rstudioSha256, then: workbench up'; exit 1; }"
    )
    yield (
        f"echo '{package.sha256}  {partial}' | sha256sum --check --status || {{ "
        f"echo 'The file at {package.url} has not the SHA-256 that rstudio.sha256 says, but'; "
        f"sha256sum < '{partial}'; rm -f '{partial}'; exit 1; }}"
    )
    yield f"mv '{partial}' '{target}'"


@operation
def install(package: Package) -> Commands:
    """Install the package, unless the same transaction as all others' did."""
    if is_installed(package):
        return
    yield from apt.update_commands()
    yield f"{apt.INSTALL} --reinstall --allow-downgrades '{archive(package)}'"
    yield remember(package)


def archive(package: Package) -> Path:
    """Return where the package's file is kept until it is installed."""
    return places.CACHE / package.file_name


def is_installed(package: Package) -> bool:
    """Say whether exactly this file is what is installed."""
    remembered = INSTALLED.read_text() if INSTALLED.exists() else ""
    return remembered == package.sha256 and bool(apt.installed_versions([NAME]))


def is_waiting(package: Package) -> bool:
    """Say whether the file is here and not installed."""
    return archive(package).exists() and not is_installed(package)


def remember(package: Package) -> str:
    """Return the command that notes the file as installed, and removes it."""
    return f"printf %s {package.sha256} > {INSTALLED} && rm -f '{archive(package)}'"
