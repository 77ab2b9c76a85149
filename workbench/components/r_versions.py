"""The versions of R of a server: what the configuration names, and what lets each of them in."""

from collections.abc import Collection
from collections.abc import Mapping
from typing import Any

from workbench.components.errors import ArgumentError
from workbench.components.validation import check_texts
from workbench.components.validation import refusing
from workbench.host import software
from workbench.host.r_settings import check_checksum
from workbench.host.r_settings import check_version
from workbench.host.software import DISTRIBUTION
from workbench.host.software import SIGNED


def check_r_versions(values: object, what: str) -> list[str]:
    """Return the versions, the default one first."""
    versions = check_texts(values, what)
    for version in versions:
        refusing(check_version)(version, what)
        if versions.count(version) > 1:
            raise ArgumentError(f"{what} has {version} twice.", "List each version once.")
    if not versions:
        raise ArgumentError(
            f"{what} is empty, but a server needs at least one version of R.",
            f"For example: {software.CURRENT_R}, or {DISTRIBUTION} for the operating system's own.",
        )
    return versions


def check_r_checksums(values: object, what: str) -> dict[str, str]:
    """Return what lets in each version: a SHA-256, or the word for Posit's signature."""
    checksums = {}
    for text in check_texts(values, what):
        version, _, checksum = (part.strip() for part in text.partition("="))
        checksums[version] = refusing(check_checksum)(version, checksum.lower(), what)
    return checksums


def check_r_is_known(args: Mapping[str, Any], system: str, architectures: Collection[str]) -> None:
    """Refuse a version that nothing lets in on these architectures."""
    checksums = check_r_checksums(args.get("r_checksums") or [], "r_checksums")
    for version in args.get("r_versions") or ():
        is_known = version in (DISTRIBUTION, *checksums) or all(
            software.r_sha256(version, system, architecture) for architecture in architectures
        )
        if not is_known:
            raise _unknown(version, system, architectures, checksums)


def _unknown(
    version: str, system: str, architectures: Collection[str], checksums: Collection[str]
) -> ArgumentError:
    tables = [set(software.known_r(system, each)) for each in architectures]
    known = sorted(set.intersection(*tables) | set(checksums), key=software.order, reverse=True)
    where = f"{system} ({' and '.join(sorted(architectures))})"
    return ArgumentError(
        f"This version of workbench has no checksum of R {version} for {where}, so nothing says "
        f"that its package is Posit's. It has those of: {', '.join(known) or 'no version'}.",
        f"Name one of those or {DISTRIBUTION} as r_versions, or say in r_checksums what lets it "
        f"in: {version}= and the package's SHA-256, or {version}={SIGNED}\n"
        f"  pulumi config set --path 'workbench:rChecksums[0]' {version}=SHA256",
    )
