"""Which versions of R a server has, as the settings name them."""

from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field
from typing import Any
from typing import Self

from workbench.host import software
from workbench.host.contract.values import UnusableValueError
from workbench.host.contract.values import check_url
from workbench.host.software import DISTRIBUTION
from workbench.host.software import SIGNED
from workbench.host.software import Package


def check_version(version: str, what: str) -> str:
    """Return a version of R as its packages are named by it, or ``distribution``."""
    if version != DISTRIBUTION and not software.R_VERSION.fullmatch(version):
        raise UnusableValueError(
            f"{what} has {version!r}, but a version of R is three numbers with dots between "
            f"them, or {DISTRIBUTION} for the operating system's own R.",
            f"For example: {software.CURRENT_R}",
        )
    return version


def check_checksum(version: str, checksum: str, what: str) -> str:
    """Return what lets in a version of R: a SHA-256, or the word for Posit's signature."""
    if not software.R_VERSION.fullmatch(version) or not software.CHECKSUM.fullmatch(checksum):
        raise UnusableValueError(
            f"{what} has {version!r} and {checksum!r}, but needs a version of R, an equals sign, "
            f"and the 64 hexadecimal digits of a SHA-256 or the word {SIGNED}.",
            f"For example: {software.CURRENT_R}={SIGNED}",
        )
    return checksum


@dataclass(frozen=True)
class RSettings:
    """The versions of R: ``named`` has the default one first, None is what suits this server.

    ``checksums`` are the configuration's own, by version; ``builds`` is where Posit's builds are
    downloaded from, None is Posit.
    """

    named: tuple[str, ...] | None = (DISTRIBUTION,)
    checksums: Mapping[str, str] = field(default_factory=dict, hash=False)
    builds: str | None = None

    @classmethod
    def parse(cls, values: Mapping[str, Any] | None) -> Self:
        """Read the settings' part about R; raise ValueError when it can't be used."""
        # Settings from before there were versions: the distribution's is what the server had.
        if values is None:
            return cls()
        named = None if values.get("versions") is None else tuple(values["versions"])
        # They end up in commands and paths.
        for version in named or ():
            check_version(version, "r.versions")
        checksums, builds = dict(values.get("checksums") or {}), values.get("builds")
        for version, checksum in checksums.items():
            check_checksum(version, checksum, "r.checksums")
        return cls(named, checksums, check_url(builds, "r.builds") if builds else None)

    @property
    def versions(self) -> tuple[str, ...]:
        """The versions, the default one first: the current one where something lets it in."""
        if self.named:
            return self.named
        current = software.CURRENT_R
        is_known = current in self.checksums or software.r_sha256(
            current, software.this_system(), software.this_architecture()
        )
        return (current if is_known else DISTRIBUTION,)

    @property
    def default(self) -> str:
        """The version that `R` is, and RStudio's."""
        return self.versions[0]

    @property
    def from_posit(self) -> tuple[str, ...]:
        """The versions that aren't the distribution's."""
        return tuple(version for version in self.versions if version != DISTRIBUTION)

    def package(self, version: str, system: str, architecture: str) -> Package:
        """Return a version's package, and what lets it in."""
        known = software.r_sha256(version, system, architecture)
        sha256 = self.checksums.get(version, known)
        url = software.r_url(version, system, architecture, self.builds)
        return Package(url, None if sha256 == software.SIGNED else sha256)
