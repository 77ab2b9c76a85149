"""Install packages for everyone, after the services are up: what no first notebook needs.

Run by ``workbench-packages.service`` as ``python3 -m workbench.host.packages.everyone``: at the
end of a converge, at a boot, and again where something failed. Run again, it does only what isn't
done. Standard library only.
"""

import fcntl
import hashlib
import os
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from workbench.host import places
from workbench.host.package_lists import PackageLists
from workbench.host.packages import base_packages
from workbench.host.packages import everyone_apt
from workbench.host.packages import everyone_python
from workbench.host.packages import everyone_r
from workbench.host.packages import everyone_told
from workbench.host.packages import manual_packages
from workbench.host.packages.everyone_told import Told
from workbench.host.settings import Settings
from workbench.host.system import apt
from workbench.host.system import network

SETTINGS = places.CONFIGURATION / "settings.json"
LOCK = Path("/run/workbench-packages.lock")


def digest(lists: PackageLists) -> str:
    """Return what is told with a run that has installed these lists, and this recipe's base."""
    base = f"{sorted(base_packages.APT.items())} {base_packages.CRAN}"
    text = f"{asdict(lists)} {base} {everyone_python.digest(lists)}"
    return hashlib.sha256(text.encode()).hexdigest()


def is_done(lists: PackageLists) -> bool:
    """Say whether the last run was for these lists and installed all that nothing waited for."""
    told = everyone_told.read()
    if apt.missing(apt.LATER):
        return False
    if not told and lists.is_empty:
        return True
    return told.get("digest") == digest(lists) and told["state"] == everyone_told.INSTALLED


def is_begun(lists: PackageLists) -> bool:
    """Say whether a run for these lists has begun, and not ended."""
    told = everyone_told.read()
    return told.get("digest") == digest(lists) and told["state"] == everyone_told.INSTALLING


def install(lists: PackageLists) -> bool:
    """Bring the server in line with the lists; return whether all is installed."""
    told = Told(digest(lists), lists)
    told.begin("reading the lists of packages")
    everyone_apt.repair()
    problem = everyone_apt.update_lists()
    by_apt = _offered(lists)
    wanted = _apt_groups(lists, by_apt)
    everyone_apt.remove_others([name for names in wanted.values() for name in names])
    told.total = sum(map(len, wanted.values())) + everyone_python.size(lists)
    told.total += everyone_r.count(lists, by_apt)
    # Python first: it takes seconds, and is what most people look for.
    everyone_python.ensure(lists, told)
    for group, names in wanted.items():
        known = everyone_apt.offered(names) if apt.missing(names) else set(names)
        for name in sorted(set(names) - known):
            told.fail("apt", name, problem or "the distribution has no package with that name")
        everyone_apt.install([name for name in names if name in known], told, group)
    everyone_r.ensure(lists, by_apt, told)
    return told.finish()


def _offered(lists: PackageLists) -> set[str]:
    """Return the listed R packages that the distribution has for its own R, by its names."""
    if not everyone_r.DISTRIBUTIONS.exists():
        return set()
    return everyone_apt.offered([everyone_r.apt_name(name) for name in lists.r])


def _apt_groups(lists: PackageLists, by_apt: set[str]) -> dict[str, list[str]]:
    """Return what apt installs, by what it is called while it is being installed."""
    groups = {"compilers and tools": list(apt.LATER)}
    groups |= {
        f"base group {group}": list(base_packages.APT[group])
        for group in lists.base
        if group in base_packages.APT and (group != "r" or everyone_r.DISTRIBUTIONS.exists())
    }
    groups["R packages of the distribution"] = sorted(by_apt)
    groups["apt packages of the list"] = list(lists.apt)
    return {group: names for group, names in groups.items() if names}


def main() -> None:
    """Install what the settings say; again where they changed meanwhile."""
    everyone_told.end_after_this_one()
    lock = os.open(LOCK, os.O_CREAT | os.O_RDWR, 0o600)
    fcntl.flock(lock, fcntl.LOCK_EX)
    installed: dict[str, bool] = {}
    while True:
        settings = Settings.read(SETTINGS)
        network.use(settings)
        lists = settings.packages
        if is_done(lists) or digest(lists) in installed:
            break
        installed[digest(lists)] = install(lists)
    sys.exit(0 if is_done(lists) or installed.get(digest(lists)) else 1)


def differences(lists: PackageLists) -> list[tuple[str, str]]:
    """Return what is not as these lists want it, and what would be done, in words."""
    told: dict[str, Any] = everyone_told.read()
    before = everyone_told.lists_of(told)
    found = [(f"{name} is not installed", f"install: {name}") for name in apt.missing(apt.LATER)]
    found += [
        (f"{name} is not installed for everyone", f"install for everyone: {name}")
        for name in lists.added_to(before)
    ]
    found += [
        (f"{name} is installed for everyone", f"remove for everyone: {name}")
        for name in before.added_to(lists)
    ]
    if not found and is_begun(lists):
        found = [("the packages for everyone are not all installed", "continue to install them")]
    if not found and told.get("digest") == digest(lists):
        failed = [f"{each['kind']} {each['name']}" for each in told["failed"]]
        found += [(f"{name} could not be installed", f"try again: {name}") for name in failed]
    if not everyone_python.is_as_wanted(lists):
        folder = everyone_python.FOLDER
        found += [manual_packages.removal(name, folder) for name in everyone_python.manual()]
    return found or [
        ("the packages for everyone are of another recipe", "update the packages for everyone")
    ]


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit("interrupted: continues after the next boot")
