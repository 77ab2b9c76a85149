"""Packages that come as a file from an address, let in by a SHA-256 or by Posit's signature."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from workbench.host import places
from workbench.host.run.pyinfra_typed import Commands
from workbench.host.run.pyinfra_typed import operation
from workbench.host.software import Package
from workbench.host.system import apt
from workbench.host.system import posit_signature

KEY = places.CACHE / "posit.key"
CURL = "curl -fsSL --retry 3 --connect-timeout 20"
VERIFY = f"PYTHONPATH={places.ROOT} /usr/bin/python3 -m {posit_signature.__name__}"


@dataclass(frozen=True)
class Deb:
    """A package: dpkg's name of it, people's, and what they can do where it can't be had."""

    name: str
    title: str
    package: Package
    advice: str

    @property
    def folder(self) -> Path:
        """A folder for what was let in by exactly this, and nothing else of the same name."""
        digest = hashlib.sha256(self.package.identity.encode()).hexdigest()
        return places.CACHE / digest[:16]

    @property
    def archive(self) -> Path:
        """Where the file is kept until it is installed."""
        return self.folder / self.package.file_name

    @property
    def marker(self) -> Path:
        """What says which file is installed."""
        return places.STATE / f"{self.name}.sha256"

    @property
    def is_installed(self) -> bool:
        """Whether exactly this file is what is installed."""
        remembered = self.marker.read_text() if self.marker.exists() else ""
        is_same = remembered == self.package.identity
        return is_same and bool(apt.installed_versions([self.name]))

    @property
    def is_waiting(self) -> bool:
        """Whether the file is here and not installed."""
        return self.archive.exists() and not self.is_installed

    def remember(self) -> str:
        """Return the command that notes the file as installed, and removes it."""
        return f"printf %s '{self.package.identity}' > {self.marker} && rm -rf {self.folder}"


@operation
def download(deb: Deb) -> Commands:
    """Download the file, unless it is installed or here; refuse one that nothing lets in."""
    if deb.is_installed or deb.archive.exists():
        return
    url, partial = deb.package.url, f"{deb.archive}.part"
    yield f"mkdir -p {deb.folder}"
    yield (
        f"{CURL} --max-time 900 -o '{partial}' '{url}'"
        f" || {{ echo '{deb.title} can not be downloaded from {url}: let the server"
        f" reach it, or {deb.advice}, then: workbench up'; exit 1; }}"
    )
    yield _verify_sha256(deb, partial) if deb.package.sha256 else _verify_signature(deb, partial)
    yield f"mv '{partial}' '{deb.archive}'"


def _verify_sha256(deb: Deb, partial: str) -> str:
    return (
        f"echo '{deb.package.sha256}  {partial}' | sha256sum --check --status || {{ "
        f"echo '{deb.title} is not installed: the file at {deb.package.url} has not the SHA-256 "
        f"{deb.package.sha256}, but'; sha256sum < '{partial}' | cut -c-64; rm -rf {deb.folder}; "
        f"echo 'If that is right, {deb.advice}, then: workbench up'; exit 1; }}"
    )


def _verify_signature(deb: Deb, partial: str) -> str:
    return (
        f"{{ {CURL} --max-time 60 -o {KEY} {posit_signature.KEY_ADDRESS} "
        f"&& {VERIFY} '{partial}' {KEY}; }} || {{ rm -rf {deb.folder}; "
        f"echo '{deb.title} is not installed: there is no checksum for the file at "
        f"{deb.package.url}, and Posit has not signed it as far as can be told. "
        f"Instead, {deb.advice}, then: workbench up'; exit 1; }}"
    )


@operation
def install(deb: Deb) -> Commands:
    """Install the file, unless the same transaction as all others' did."""
    if deb.is_installed:
        return
    yield from apt.update_commands()
    yield f"{apt.INSTALL} --reinstall --allow-downgrades '{deb.archive}'"
    yield deb.remember()


def waiting(debs: Sequence[Deb]) -> list[Deb]:
    """Return those whose files are here and not installed."""
    return [deb for deb in debs if deb.is_waiting]
