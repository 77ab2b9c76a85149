"""Find the packages of RStudio Server and R that a rehearsal serves to its machines."""

import hashlib
from dataclasses import dataclass

from workbench.rehearsal.description import Description
from workbench.rehearsal.description import rehearsal_dir

PATTERN = "rstudio-server*.deb"
R_BUILDS = "r"
R_PATTERN = f"{R_BUILDS}/*/pkgs/r-*_1_*.deb"


@dataclass(frozen=True)
class ServedPackage:
    """A package by its address, as machines see it, and its SHA-256."""

    url: str
    sha256: str


def find_package(description: Description) -> ServedPackage | None:
    """Return the rehearsal's RStudio Server package; None where it serves none."""
    folder = rehearsal_dir(description.name) / "packages"
    found = sorted(folder.glob(PATTERN), key=lambda path: path.stat().st_mtime)
    if not found:
        return None
    path = found[-1]
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return ServedPackage(f"{description.packages_url.rstrip('/')}/{path.name}", digest)


@dataclass(frozen=True)
class ServedR:
    """Packages of R below an address, as machines see it: their SHA-256s by version."""

    url: str
    sha256s: dict[str, str]


def find_r(description: Description) -> ServedR | None:
    """Return the rehearsal's packages of R; None where it serves none."""
    folder = rehearsal_dir(description.name) / "packages"
    digests = {
        path.name.removeprefix("r-").partition("_")[0]: hashlib.sha256(
            path.read_bytes()
        ).hexdigest()
        for path in sorted(folder.glob(R_PATTERN))
    }
    if not digests:
        return None
    return ServedR(f"{description.packages_url.rstrip('/')}/{R_BUILDS}", digests)
