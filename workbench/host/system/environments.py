"""Python and Node environments and Caddy, built alongside apt: begun in the background."""

from pathlib import Path

from workbench.host import places
from workbench.host.packages import manual_packages
from workbench.host.packages import shared_packages
from workbench.host.run.planning import planning
from workbench.host.run.pyinfra_typed import Commands
from workbench.host.run.pyinfra_typed import operation
from workbench.host.run.pyinfra_typed import step
from workbench.host.settings import Settings
from workbench.host.system import tools

MARKER = places.JUPYTERHUB / ".requirements"
# Of its own: another Caddy is no reason to restart the hub.
CADDY_MARKER = places.CADDY / ".requirements"
BUILD = places.PACKAGE / "scripts" / "build-environments"


def wanted() -> str:
    """Return what the environments' marker says when they are as required."""
    return tools.digest(
        "jupyterhub.txt", "notebooks.txt", "proxy/package.json", "proxy/package-lock.json"
    )


def caddy_wanted() -> str:
    """Return what the marker of Caddy's environment says when it is as required."""
    return tools.digest("caddy.txt")


def are_built() -> bool:
    """Say whether the environments are as required."""
    return not _outdated()


def _outdated() -> list[Path]:
    """Return the markers that don't say what they should."""
    markers = {MARKER: wanted(), CADDY_MARKER: caddy_wanted()}
    return [path for path, said in markers.items() if not _says(path, said)]


def _says(path: Path, text: str) -> bool:
    return path.is_file() and path.read_text() == text


@step("Environments begun")
def begin_environments(settings: Settings) -> None:
    """Start to build JupyterHub's environments while apt works."""
    begin(name="Build in the background")


@step("Environments")
def environments(settings: Settings) -> None:
    """Wait for the environments of JupyterHub, notebooks and Caddy, or build them."""
    build(name="Build what isn't built", _retries=2)


@operation
def begin() -> Commands:
    """Run the build in the background; a failure there is told by the one in the foreground."""
    if not are_built():
        yield f"mkdir -p {places.CACHE} {places.LOGS}"
        yield (f"setsid --fork {_command()} > {places.LOGS}/environments.log 2>&1 < /dev/null")


@operation
def build() -> Commands:
    """Run the build, or wait for the one that runs: they take turns by a lock."""
    if outdated := _outdated():
        for marker in outdated:
            planning.note_file(marker)
        if MARKER in outdated:
            # What is told of these keeps the plan from telling of the build itself.
            if names := manual_packages.in_notebooks():
                yield shared_packages.tell("the environments are of another recipe", "update them")
            for name in names:
                yield shared_packages.tell(*manual_packages.removal(name, places.NOTEBOOKS))
        yield _command()


def _command() -> str:
    return f"{BUILD} {tools.UV} {tools.REQUIREMENTS} {wanted()} {caddy_wanted()}"
