"""The distribution's packages for everyone; standard library only.

What a list had installed is remembered, so that leaving the list removes that, and nothing that
was there before or that something else needs.
"""

import json
import re
import shutil
import subprocess
from collections.abc import Collection
from collections.abc import Iterable
from collections.abc import Sequence

from workbench.host import places
from workbench.host.packages.everyone_told import Told
from workbench.host.run.commands import run_whole
from workbench.host.system import apt

RECORD = places.STATE / "packages-apt.json"
# Of the server's own disk; what is left is for logs and the system.
LEAST_FREE = 1 << 30
# One that fails alone is the package's fault; so many, one after the other, are not.
MOST_FAILURES = 3
# Nothing of the server's own goes for them. Their services may start: those of the recipe run.
# Without a terminal, dpkg doesn't count in percent, which would fill the log.
INSTALL = f"{apt.INSTALL} --no-remove -o Dpkg::Use-Pty=0".replace("WORKBENCH_INSTALLING=1 ", "")
REPAIR = "DEBIAN_FRONTEND=noninteractive WORKBENCH_INSTALLING=1"
REMOVE = apt.PURGE.replace(" purge", " remove")


def repair() -> None:
    """Finish what an interrupted installation left half-done."""
    audit = subprocess.run(["dpkg", "--audit"], capture_output=True, text=True, check=False)
    if audit.stdout.strip() or audit.returncode:
        _shell(f"{REPAIR} {apt.TURNS} dpkg --configure -a --force-confdef --force-confold")
        _shell(f"{REPAIR} {apt.TURNS} apt-get {apt.OPTIONS} --fix-broken install")


def offered(names: Collection[str]) -> set[str]:
    """Return which of the packages the distribution has."""
    if not names:
        return set()
    said = subprocess.run(
        ["apt-cache", "policy", *names], capture_output=True, text=True, check=False
    ).stdout
    found = re.findall(r"^(\S+):\n(?:.*\n)*?\s+Candidate: (\S+)", said, flags=re.MULTILINE)
    return {name for name, candidate in found if candidate != "(none)"}


def update_lists() -> str:
    """Fetch the lists of packages where they are old; return what went wrong."""
    return next(filter(None, map(_shell, apt.update_commands())), "")


def install(names: Sequence[str], told: Told, group: str) -> None:
    """Install packages in one go; where that fails, those that are missing one by one."""
    told.begin(group)
    missing = apt.missing(names)
    if missing and not (short := too_full()) and _install(missing):
        failures: list[str] = []
        for name in apt.missing(names):
            # The reason of the last ones, where it is everyone's: no network, a broken system.
            hopeless = len(failures) >= MOST_FAILURES and len(set(failures)) == 1
            why = failures[-1] if hopeless else _install([name])
            if why and apt.missing([name]):
                failures.append(_without(why, name))
                told.fail("apt", name, why)
    elif missing and short:
        for name in missing:
            told.fail("apt", name, short)
    _remember({*_remembered(), *(set(missing) - set(apt.missing(missing)))})
    told.end(len(names))


def remove_others(wanted: Iterable[str]) -> None:
    """Remove what lists had installed and no list has now, unless something else needs it."""
    ours = _remembered()
    gone = sorted(ours - set(wanted) - set(apt.wanted()))
    there = sorted(apt.installed_versions(gone)) if gone else []
    if there:
        before = _would_remove()
        _shell(f"apt-mark auto {' '.join(there)}")
        if names := sorted(_would_remove() - before):
            print("== remove", *names, flush=True)
            _shell(f"{REMOVE} {' '.join(names)}")
    _remember(ours & set(wanted))


def too_full() -> str:
    """Return why nothing more may be installed; nothing where there is room."""
    free = shutil.disk_usage(places.WORKBENCH).free
    if free >= LEAST_FREE:
        return ""
    return (
        f"the server's own disk has only {free / (1 << 30):.1f} GiB free: delete something there,"
        " or make a new server with a larger workbench:rootVolumeSize"
    )


def _install(names: Sequence[str]) -> str:
    return _shell(f"{INSTALL} {' '.join(names)}")


def _would_remove() -> set[str]:
    """Return what apt itself holds to be needed by nothing."""
    said = subprocess.run(
        ["apt-get", "-s", "-o", "Debug::NoLocking=1", "autoremove"],
        capture_output=True,
        text=True,
        check=False,
    ).stdout
    return set(re.findall(r"^Remv (\S+)", said, flags=re.MULTILINE))


def _shell(command: str) -> str:
    """Run a command; return why it failed, in apt's words."""
    done = run_whole(["/bin/sh", "-c", f"LC_ALL=C; export LC_ALL; {command}"])
    if done.returncode == 0:
        return ""
    lines = [line.strip() for line in done.stdout.splitlines() if line.strip()]
    errors = [line.removeprefix("E: ") for line in lines if line.startswith("E: ")]
    # What dpkg says first is the cause; "Sub-process returned an error code" is not.
    causes = [line for line in lines if line.startswith("dpkg: error")]
    return (causes or errors or lines or [f"it ended with {done.returncode}"])[0]


def _without(why: str, name: str) -> str:
    return why.replace(name, "")


def _remembered() -> set[str]:
    return set(json.loads(RECORD.read_text())) if RECORD.exists() else set()


def _remember(names: set[str]) -> None:
    if names != _remembered():
        temporary = RECORD.with_suffix(".new")
        temporary.write_text(json.dumps(sorted(names)) + "\n")
        temporary.rename(RECORD)
