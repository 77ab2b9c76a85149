"""What the server gets from Posit: a table of versions, and the checksums that let them in.

Standard library only: the components read it, too, before anything is made.
"""

import platform
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

TABLE = Path(__file__).with_name("software.toml")
_TABLE: dict[str, Any] = tomllib.loads(TABLE.read_text(encoding="utf-8"))
# When the table was written, as YYYY-MM-DD.
DATE: str = _TABLE["date"]
RSTUDIO: str = _TABLE["rstudio"]["version"]
CURRENT_R: str = _TABLE["r"]["current"]
SNAPSHOTS: dict[str, str] = _TABLE["r"]["snapshots"]

R_VERSION = re.compile(r"[1-9]\d?\.\d{1,2}\.\d{1,2}", re.ASCII)
# In the place of a version: the one that the operating system comes with.
DISTRIBUTION = "distribution"
# In the place of a SHA-256: Posit's signature, inside the package, lets it in.
SIGNED = "signed"
CHECKSUM = re.compile(rf"[0-9a-f]{{64}}|{SIGNED}", re.ASCII)
# Where Posit keeps its builds of R (github.com/rstudio/r-builds).
R_BUILDS = "https://cdn.posit.co/r"
RSTUDIO_ADDRESSES = {
    "amd64": "https://download2.rstudio.org/server/jammy/amd64/rstudio-server-{version}-amd64.deb",
    "arm64": "https://s3.amazonaws.com/rstudio-ide-build/server/jammy/arm64"
    "/rstudio-server-{version}-arm64.deb",
}


@dataclass(frozen=True)
class Package:
    """A file to download, and the SHA-256 it must have; None is Posit's signature in it."""

    url: str
    sha256: str | None

    @property
    def file_name(self) -> str:
        """The last part of the address."""
        return self.url.rsplit("/", 1)[-1]

    @property
    def identity(self) -> str:
        """What tells this file from another one."""
        return self.sha256 or f"{SIGNED} {self.url}"


def rstudio_sha256(architecture: str) -> str | None:
    """Return the SHA-256 of RStudio Server's package; None where the table has none."""
    found: str | None = _TABLE["rstudio"]["sha256"].get(architecture)
    return found


def rstudio(architecture: str) -> Package:
    """Return RStudio Server's package for an architecture, by dpkg's name."""
    url = RSTUDIO_ADDRESSES[architecture].format(version=RSTUDIO)
    return Package(url, rstudio_sha256(architecture))


def r_sha256(version: str, system: str, architecture: str) -> str | None:
    """Return the SHA-256 of a version of R; None where the table has none."""
    found: str | None = _TABLE["r"]["sha256"].get(version, {}).get(f"{system}/{architecture}")
    return found


def r_table() -> dict[str, dict[str, str]]:
    """Return all SHA-256s by version, and by system and architecture (``debian-12/amd64``)."""
    return {version: dict(digests) for version, digests in _TABLE["r"]["sha256"].items()}


def known_r(system: str, architecture: str) -> list[str]:
    """Return the versions of R that the table has a checksum of, the newest first."""
    versions = [each for each in _TABLE["r"]["sha256"] if r_sha256(each, system, architecture)]
    return sorted(versions, key=order, reverse=True)


def r_url(version: str, system: str, architecture: str, builds: str | None = None) -> str:
    """Return the address of Posit's package of a version of R."""
    folder = system.replace(".", "")
    return f"{(builds or R_BUILDS).rstrip('/')}/{folder}/pkgs/r-{version}_1_{architecture}.deb"


def snapshot(version: str) -> str:
    """Return the day of CRAN's snapshot that fits a version of R."""
    minor = version.rpartition(".")[0]
    if minor in SNAPSHOTS:
        return SNAPSHOTS[minor]
    # An R older than the table takes the oldest day, a newer one the newest.
    nearest = max if order(minor) > max(map(order, SNAPSHOTS)) else min
    return nearest(SNAPSHOTS.values())


def order(version: str) -> tuple[int, ...]:
    """Return what versions are sorted by."""
    return tuple(map(int, version.split(".")))


def this_system() -> str:
    """Return this server's operating system as the configuration names it: debian-12."""
    release = platform.freedesktop_os_release()
    return f"{release['ID']}-{release['VERSION_ID']}"


def this_architecture() -> str:
    """Return this server's architecture by dpkg's name."""
    return {"aarch64": "arm64", "arm64": "arm64"}.get(platform.machine(), "amd64")
