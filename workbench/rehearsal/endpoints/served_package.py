"""Find the RStudio Server package that a rehearsal serves to its machines."""

import hashlib
from dataclasses import dataclass

from workbench.rehearsal.description import Description
from workbench.rehearsal.description import rehearsal_dir

PATTERN = "rstudio-server*.deb"


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
