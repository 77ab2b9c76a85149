"""Several versions of R side by side, from Posit's builds: each with its kernel and its packages.

A version has its home in ``/opt/R/VERSION/lib/R``. The distribution's R stays installed, as
``/usr/bin/R``; it is offered where the settings name it.
"""

import json
import re
from io import StringIO
from pathlib import Path

from workbench.host import places
from workbench.host import software
from workbench.host.jupyter import kernels
from workbench.host.r_settings import RSettings
from workbench.host.run.pyinfra_typed import Commands
from workbench.host.run.pyinfra_typed import files
from workbench.host.run.pyinfra_typed import operation
from workbench.host.run.pyinfra_typed import step
from workbench.host.settings import Settings
from workbench.host.software import DISTRIBUTION
from workbench.host.system import apt
from workbench.host.system import cran
from workbench.host.system import debs
from workbench.host.system.debs import Deb

ROOT = Path("/opt/R")
# What people type, before the distribution's on every PATH.
COMMANDS = {name: Path("/usr/local/bin") / name for name in ("R", "Rscript")}
# What `workbench status` reads.
NOTED = places.STATE / "r.json"
STANDIN = "+standin"
MARKER = re.compile(r"r-(?P<version>\d+\.\d+\.\d+)\.sha256")
KERNEL = re.compile(rf"ir-(\d+\.\d+\.\d+|{DISTRIBUTION})")
ADVICE = (
    "name another version with workbench:rVersions, or another SHA-256 with workbench:rChecksums"
)


def program(version: str, name: str = "R") -> Path:
    """Return the R or Rscript of a version."""
    return Path("/usr/bin") / name if version == DISTRIBUTION else ROOT / version / "bin" / name


def home(version: str) -> Path:
    """Return the home of a version from Posit's builds."""
    return ROOT / version / "lib" / "R"


def site_library(version: str) -> Path:
    """Return the folder of the packages that a version has for everyone."""
    return home(version) / "site-library"


def r_debs(settings: Settings) -> list[Deb]:
    """Return the packages of the versions that the settings name."""
    system, architecture = software.this_system(), software.this_architecture()
    return [
        Deb(f"r-{each}", f"R {each}", settings.r.package(each, system, architecture), ADVICE)
        for each in settings.r.from_posit
    ]


@step("R begun")
def begin_r(settings: Settings) -> None:
    """Fetch the packages of R, so that they are installed with all others."""
    for deb in r_debs(settings):
        # A failure is told by the step that needs the file.
        debs.download(deb, name=f"Download {deb.title}", _ignore_errors=True)


@step("R")
def r_versions(settings: Settings) -> None:
    """Have the versions of R that the settings name: RStudio Server starts with one."""
    for deb in r_debs(settings):
        debs.download(deb, name=f"Download {deb.title}")
        debs.install(deb, name=f"Install {deb.title}", _retries=2)
    for version in settings.r.from_posit:
        cran.write_site_files(settings, home(version) / "etc", version)
    for name, path in COMMANDS.items():
        point(path, program(settings.r.default, name), name=f"Have {name} be the default version")


@step("R kernels")
def r_kernels(settings: Settings) -> None:
    """Offer the versions in notebooks, and no others; all else works before this is done."""
    for version in settings.r.from_posit:
        add_kernel_package(settings, version, name=f"Have R {version} run notebooks", _retries=2)
    for folder, version, titled in kernels_of(settings.r):
        offer(folder, version, titled, name=f"Offer {titled or version} in notebooks")
    remove_others(settings.r, name="Remove versions that aren't named any more")
    note_versions(settings.r, name="Note the versions")


@operation
def add_kernel_package(settings: Settings, version: str) -> Commands:
    """Install IRkernel for everyone, from the snapshot that fits the version."""
    libraries = (home(version) / "library", site_library(version))
    if any((library / "IRkernel" / "DESCRIPTION").exists() for library in libraries):
        return
    library = site_library(version)
    code = (
        f'install.packages("IRkernel", lib = "{library}", quiet = TRUE); '
        f'quit(status = !requireNamespace("IRkernel", lib.loc = "{library}"))'
    )
    yield f"mkdir -p {library}"
    yield (
        f"{program(version, 'Rscript')} -e '{code}' || {{ "
        f"echo 'R {version} can not run notebooks: its package IRkernel can not be installed from "
        f"{cran.repository(settings, version)}. Let the server reach it, then: workbench up'; "
        "exit 1; }"
    )


def kernels_of(r: RSettings) -> list[tuple[str, str, str]]:
    """Return the kernels: a folder, the version, and a title where it isn't the version's.

    ``ir``, which notebooks name, is the default version.
    """
    if len(r.versions) == 1:
        return [("ir", r.default, "R" if r.default == DISTRIBUTION else "")]
    return [("ir", r.default, "R"), *((f"ir-{version}", version, "") for version in r.versions)]


@operation
def offer(folder: str, version: str, titled: str) -> Commands:
    """Write a kernel's description."""
    argv = [str(program(version)), "--slave", "-e", "IRkernel::main()", "--args"]
    content = {
        "argv": [*argv, "{connection_file}"],
        "display_name": titled or title(version),
        "language": "R",
    }
    yield from files.put._inner(
        src=StringIO(json.dumps(content, indent=1) + "\n"),
        dest=str(kernels.FOLDER / "kernels" / folder / "kernel.json"),
        mode="644",
    )


def title(version: str) -> str:
    """Return what people see of a version."""
    if version == DISTRIBUTION:
        return "R of the operating system"
    return f"R {version} (stand-in)" if is_standin(version) else f"R {version}"


def is_standin(version: str) -> bool:
    """Say whether a version's package only stands in for Posit's."""
    name = f"r-{version}"
    return apt.installed_versions([name]).get(name, "").endswith(STANDIN)


@operation
def point(path: Path, target: Path) -> Commands:
    """Have a command be the default version's; what isn't a link was put there by someone."""
    if path.exists() and not path.is_symlink():
        return
    has = path.readlink() if path.is_symlink() else None
    if target.parent == Path("/usr/bin"):
        if has is not None and has.is_relative_to(ROOT):
            yield f"rm -f {path}"
    elif has != target:
        yield f"ln -sfn {target} {path}"


@operation
def remove_others(r: RSettings) -> Commands:
    """Remove what the recipe installed and the settings don't name; people's libraries stay."""
    for marker in sorted(places.STATE.glob("r-*.sha256")):
        found = MARKER.fullmatch(marker.name)
        if found is None or found["version"] in r.versions:
            continue
        name = f"r-{found['version']}"
        if apt.is_there(name):
            yield f"{apt.PURGE} {name}"
        yield f"rm -rf {ROOT / found['version']} && rm -f {marker}"
    wanted = {folder for folder, _, _ in kernels_of(r)}
    for folder in sorted((kernels.FOLDER / "kernels").glob("ir-*")):
        if KERNEL.fullmatch(folder.name) and folder.name not in wanted:
            yield f"rm -rf {folder}"


@operation
def note_versions(r: RSettings) -> Commands:
    """Write which versions there are, the default one first."""
    content = [
        {"version": version, "title": title(version), "standin": is_standin(version)}
        for version in r.versions
    ]
    yield from files.put._inner(
        src=StringIO(json.dumps(content, indent=1) + "\n"), dest=str(NOTED), mode="644"
    )
