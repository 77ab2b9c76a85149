"""Python packages for everyone: one environment, which has the base and the list, and no more.

It never has what the kernel's own environment has, and takes those packages in the versions that
are there: so a kernel starts whatever is in this one, or half in it. Standard library only.
"""

import hashlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from collections.abc import Sequence
from pathlib import Path

from workbench.host import places
from workbench.host.package_lists import PackageLists
from workbench.host.package_lists import plain_name
from workbench.host.packages.everyone_apt import too_full
from workbench.host.packages.everyone_told import Told
from workbench.host.run.commands import run_whole
from workbench.host.system import tools

FOLDER = places.EVERYONE_PYTHON
PYTHON = "python{}.{}".format(*sys.version_info)
PACKAGES = FOLDER / "lib" / PYTHON / "site-packages"
LOCK = tools.REQUIREMENTS / "everyone.txt"
KERNELS = tools.REQUIREMENTS / "notebooks.txt"
# What is in the environment, as uv wrote it, and the digest of what was asked for.
RESOLVED = FOLDER / "requirements.txt"
MARKER = FOLDER / ".digest"
# There while packages are being installed: what an interrupted one left can't be trusted.
UNFINISHED = FOLDER / ".unfinished"
CACHE = places.CACHE / "everyone"

_BLOCK = re.compile(r"^(?P<name>[a-z0-9][a-z0-9._-]*)==(?:.*\\\n)*.*\n?", re.MULTILINE)


def digest(lists: PackageLists) -> str:
    """Return what the environment's marker says when it is as these lists want it."""
    locks = LOCK.read_bytes() if "python" in lists.base else b""
    text = f"{PYTHON} {lists.python}".encode() + locks + KERNELS.read_bytes()
    return hashlib.sha256(text).hexdigest()


def is_as_wanted(lists: PackageLists) -> bool:
    """Say whether the environment has what these lists want; where they want none, it may lack."""
    if not _is_wanted(lists) and not FOLDER.exists():
        return True
    return MARKER.is_file() and MARKER.read_text() == digest(lists) and PACKAGES.is_dir()


def size(lists: PackageLists) -> int:
    """Return how many packages these lists name, as they are counted for people."""
    return len(lists.python) + (len(_names(LOCK)) if "python" in lists.base else 0)


def ensure(lists: PackageLists, told: Told) -> None:
    """Bring the environment in line with the lists."""
    if is_as_wanted(lists):
        told.end(size(lists))
        return
    if short := too_full():
        for name in ("Python's base", *lists.python):
            told.fail("Python", name, short)
        return
    told.begin("Python packages")
    failures = len(told.failed)
    MARKER.unlink(missing_ok=True)
    try:
        _ensure_environment()
        _install(lists, told)
        told.end(size(lists))
        told.begin("Python packages, compiled")
        # Users can't write there, so what they import is compiled for them now.
        compiler = ("-I", "-S", "-m", "compileall", "-q", "-j", "0")
        run_whole([FOLDER / "bin" / "python", *compiler, PACKAGES])
    except subprocess.CalledProcessError as error:
        told.fail("Python", "the base", _reason(error.stdout or ""))
    finally:
        shutil.rmtree(CACHE, ignore_errors=True)
        # uv makes it writable for all: who holds it would keep the next run waiting.
        (FOLDER / ".lock").unlink(missing_ok=True)
    if len(told.failed) == failures:
        MARKER.write_text(digest(lists))


def manual() -> list[str]:
    """Return the packages in the environment that no run of these put there."""
    known = {plain_name(name) for name in _names(RESOLVED)} if RESOLVED.exists() else set()
    return sorted(installed(PACKAGES) - known)


def installed(folder: Path) -> set[str]:
    """Return the plain names of the packages in a folder of Python's."""
    return {name_of(path) for path in folder.glob("*.dist-info")}


def name_of(path: Path) -> str:
    """Return the plain name of the package that a folder of its data is of."""
    return plain_name(path.name.partition("-")[0])


def _is_wanted(lists: PackageLists) -> bool:
    return bool(lists.python) or "python" in lists.base


def _ensure_environment() -> None:
    """Make the environment where the distribution's Python is another, or there is none."""
    if not PACKAGES.is_dir():
        _uv("venv", "--clear", "--quiet", "--python", "/usr/bin/python3", str(FOLDER))
    # For the programs that packages bring along: they need what the kernel's environment has.
    kernels = places.NOTEBOOKS / "lib" / PYTHON / "site-packages"
    (PACKAGES / "zz_workbench.pth").write_text(f"{kernels}\n")


def _install(lists: PackageLists, told: Told) -> None:
    """Install the base and the whole list; where that fails, what of the list can be."""
    base = "python" in lists.base
    why = _try(base, lists.python)
    if not why:
        return
    if why and not lists.python:
        told.fail("Python", "the base", why)
        return
    taken: list[str] = []
    # Without the list first: what it has must not keep the base from everyone.
    if base and (why := _try(base, [])):
        told.fail("Python", "the base", why)
    for name in lists.python:
        if why := _try(base, [*taken, name]):
            told.fail("Python", name, why)
        else:
            taken.append(name)
    # One that failed halfway may have left something.
    _try(base, taken)


def _try(base: bool, names: Sequence[str]) -> str:
    """Resolve and install; return why that failed."""
    try:
        wanted = _resolve(base, names)
        _sync(wanted)
    except subprocess.CalledProcessError as error:
        return _reason(error.stdout or "")
    return ""


def _resolve(base: bool, names: Sequence[str]) -> str:
    """Return pinned requirements: the base's lock, where the list doesn't want it otherwise."""
    lock = LOCK.read_text() if base else ""
    if not names:
        return lock
    CACHE.mkdir(mode=0o700, parents=True, exist_ok=True)
    asked, output = CACHE / "asked.in", CACHE / "resolved.txt"
    asked.write_text("\n".join([*names, *(_names(LOCK) if base else ()), ""]))
    # What the output file pins is kept where it can be.
    output.write_text(lock)
    left_out = [f"--no-emit-package={name}" for name in _names(KERNELS)]
    _uv(
        # No program of a package's author runs as root: only what is built already is taken.
        *("pip", "compile", "--quiet", "--no-build", "--python", str(FOLDER / "bin" / "python")),
        *("--generate-hashes", "--no-emit-index-url", "--no-header", "--no-annotate"),
        *("--constraints", str(KERNELS), *left_out, str(asked), "--output-file", str(output)),
    )
    return with_hashes_of(_blocks(lock), output.read_text())


def with_hashes_of(lock: Mapping[str, str], resolved: str) -> str:
    """Return requirements in which a version that the lock has too has the lock's hashes."""
    return "".join(
        lock[name] if name in lock and _first(lock[name]) == _first(block) else block
        for name, block in _blocks(resolved).items()
    )


def _sync(requirements: str) -> None:
    """Make the environment have exactly these."""
    CACHE.mkdir(mode=0o700, parents=True, exist_ok=True)
    wanted = CACHE / "wanted.txt"
    wanted.write_text(requirements)
    again = ["--reinstall"] if UNFINISHED.exists() else []
    UNFINISHED.touch()
    try:
        _uv(
            *("pip", "sync", "--quiet", "--no-build", "--python", str(FOLDER / "bin" / "python")),
            *("--require-hashes", "--allow-empty-requirements", *again, str(wanted)),
        )
    except subprocess.CalledProcessError as error:
        # What can't be fetched or built is said before anything is touched.
        if error.returncode > 0 and "Failed to install" not in error.stdout and not again:
            UNFINISHED.unlink()
        raise
    RESOLVED.write_text(requirements)
    UNFINISHED.unlink()


def _uv(*arguments: str) -> None:
    environment = {
        **os.environ,
        # On the same disk, so that files are linked, not copied.
        "UV_CACHE_DIR": str(CACHE / "uv"),
        # Alongside people at work, on a small server.
        **{f"UV_CONCURRENT_{what}": "1" for what in ("BUILDS", "INSTALLS")},
    }
    run_whole([tools.UV, *arguments], environment).check_returncode()


def _reason(said: str) -> str:
    """Return uv's words for a failure, without its drawing and its conclusions."""
    if because := re.search(r"Because (.+?)(?:, we can conclude|$)", " ".join(said.split())):
        return because[1]
    lines = [re.sub(r"^[\s×╰─▶├│>-]+", "", line).strip() for line in said.splitlines()]
    causes = [line for line in lines if line and not line.startswith(("warning:", "hint:"))]
    return " ".join(causes) or "uv failed without a message"


def _names(requirements: Path) -> list[str]:
    return list(_blocks(requirements.read_text()))


def _blocks(requirements: str) -> dict[str, str]:
    """Return each requirement with its hashes; one with several versions has them all."""
    found: dict[str, str] = {}
    for match in _BLOCK.finditer(requirements):
        found[match["name"]] = found.get(match["name"], "") + match[0].rstrip("\n") + "\n"
    return found


def _first(block: str) -> str:
    """Return a requirement's version."""
    return block.partition(" ")[0]
