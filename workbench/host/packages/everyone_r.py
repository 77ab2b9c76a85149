"""R packages for everyone: the distribution's builds where it has them, else CRAN's.

CRAN's go into a library of their own for each version of R, so that what an administrator installs
alongside them is left alone. Standard library only.
"""

import re
import signal
import subprocess
from collections.abc import Iterable
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from workbench.host import places
from workbench.host.package_lists import PackageLists
from workbench.host.packages import base_packages
from workbench.host.packages.everyone_apt import too_full
from workbench.host.packages.everyone_told import Told
from workbench.host.run.commands import run_whole

INSTALL = places.PACKAGE / "scripts" / "install-r-package"
PRUNE = places.PACKAGE / "scripts" / "prune-r-library"
DISTRIBUTIONS = Path("/usr/lib/R/bin/R")
SITE_LIBRARY = Path("/usr/lib/R/site-library")
# Posit's builds, side by side.
OTHERS = Path("/opt/R")
# Where root's install.packages() puts what everyone then sees.
MANUAL = Path("/usr/local/lib/R/site-library")


@dataclass(frozen=True)
class R:
    """One R: its program, and the first two parts of its version."""

    program: Path
    version: str

    @property
    def is_distributions(self) -> bool:
        """Whether it sees the distribution's packages, which are built for it then."""
        library = self.program.parents[1] / "lib" / "R" / "site-library"
        return self.program == DISTRIBUTIONS or library.resolve() == SITE_LIBRARY

    @property
    def library(self) -> Path:
        """Where CRAN's packages for everyone are."""
        return places.EVERYONE_R / self.version

    def lacking(self, names: Iterable[str]) -> list[str]:
        """Return which packages are not in the library."""
        return [name for name in names if not (self.library / name / "DESCRIPTION").exists()]

    def wanted(self, lists: PackageLists, by_apt: Iterable[str]) -> list[str]:
        """Return what this R takes from CRAN."""
        if self.is_distributions:
            apt = set(by_apt)
            return [name for name in lists.r if apt_name(name) not in apt]
        base = base_packages.CRAN if "r" in lists.base else ()
        return list(dict.fromkeys([*base, *lists.r]))


def apt_name(name: str) -> str:
    """Return how the distribution calls an R package."""
    return f"r-cran-{name.lower()}"


def installations() -> list[R]:
    """Return every R on the server."""
    programs = [DISTRIBUTIONS, *sorted(OTHERS.glob("*/bin/R"))]
    return [R(each, _version(each)) for each in programs if each.exists()]


def ensure(lists: PackageLists, by_apt: Iterable[str], told: Told) -> None:
    """Bring each R's library in line with the lists; ``by_apt`` is what apt installs of them."""
    taken = set(by_apt)
    for r in installations():
        wanted = r.wanted(lists, taken)
        if r.library.is_dir():
            run_whole([_script(r), str(PRUNE), str(r.library), *wanted])
        _install(r, wanted, told)


def count(lists: PackageLists, by_apt: Iterable[str]) -> int:
    """Return how many packages are to be taken from CRAN, for all R's together."""
    taken = set(by_apt)
    return sum(len(r.wanted(lists, taken)) for r in installations())


def manual() -> list[str]:
    """Return the packages that an administrator installed for everyone."""
    return sorted(path.parent.name for path in MANUAL.glob("*/DESCRIPTION"))


def _install(r: R, names: Sequence[str], told: Told) -> None:
    lacking = set(r.lacking(names))
    unreachable = ""
    for name in names:
        told.begin(f"R {name}")
        if name in lacking:
            why = too_full() or unreachable or _reason(r, name)
            unreachable = why if why.startswith("the server can't reach") else ""
            if why:
                told.fail("R", name, why)
        told.end(1)


def _reason(r: R, name: str) -> str:
    """Install a package; return why that failed."""
    done = run_whole([_script(r), str(INSTALL), str(r.library), name])
    if done.returncode == 0:
        return ""
    said: list[str] = re.findall(r"^WHY: (.*)$", done.stdout, flags=re.MULTILINE)
    if said:
        return said[-1]
    killed = done.returncode in (-signal.SIGKILL, 128 + signal.SIGKILL)
    return "it ran out of memory" if killed else f"R ended with {done.returncode}"


def _script(r: R) -> str:
    return str(r.program.with_name("Rscript"))


def _version(program: Path) -> str:
    said = subprocess.run(
        [program, "--version"], capture_output=True, text=True, check=False
    ).stdout
    found: list[str] = re.findall(r"^R version (\d+\.\d+)", said, flags=re.MULTILINE)
    return found[0] if found else ""
