"""Find the Pulumi engine on this computer; where there is none, install or build it."""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from workbench.engine.build import build_engine
from workbench.engine.language_host_shim import LANGUAGE_HOST
from workbench.engine.language_host_shim import is_shim
from workbench.engine.official import install_official
from workbench.engine.unavailable import EngineUnavailable
from workbench.engine.versions import PINNED
from workbench.engine.versions import is_usable
from workbench.errors import MissingToolError
from workbench.locking import exclusive
from workbench.places import cache_dir
from workbench.progress import Phase
from workbench.progress import Progress

PULUMI = "pulumi.exe" if sys.platform == "win32" else "pulumi"

# A build takes some five minutes on two cores; a slow network and one core, ten times that.
LOCK_LIMIT = 60 * 60.0

Origin = Literal["path", "installed", "built"]


@dataclass(frozen=True)
class Engine:
    """A usable engine: its executable, and whether Pulumi's own Python host comes with it."""

    command: Path
    version: str
    origin: Origin
    has_language_host: bool


def engine_dir() -> Path:
    """Return the folder that the project's own engine is kept in."""
    return cache_dir() / "engine"


def ensure_engine(progress: Progress) -> Engine:
    """Return a usable engine, from PATH or the cache; else install it, else build it.

    Raises MissingToolError where none of that is possible.
    """
    found = find_engine()
    if found is not None:
        return found
    with (
        progress.phase(f"Pulumi engine {PINNED}") as phase,
        exclusive(engine_dir() / "lock", "the Pulumi engine", LOCK_LIMIT, phase.tick),
    ):
        # Another process may have made it while this one waited for the lock.
        return find_cached() or _obtain(phase)


def find_engine() -> Engine | None:
    """Return the engine that is already on this computer, if one can be used."""
    return find_on_path() or find_cached()


def find_on_path(search: str | None = None) -> Engine | None:
    """Return the engine on PATH (or ``search``), unless it is too old or the project's own."""
    found = shutil.which(PULUMI, path=search)
    if found is None:
        return None
    command = Path(found)
    if command.resolve().is_relative_to(engine_dir().resolve()):
        return None  # put there by `workbench env`: the cache knows more about it
    version = read_version(command)
    if version is None or not is_usable(version):
        return None
    return Engine(command, version, "path", _has_language_host(command, search))


def find_cached() -> Engine | None:
    """Return the engine that was installed or built earlier."""
    command = engine_dir() / f"pulumi-{PINNED}" / "bin" / PULUMI
    if not os.access(command, os.X_OK):
        return None
    official = _has_language_host(command, "")
    return Engine(command, PINNED, "installed" if official else "built", official)


def read_version(command: Path) -> str | None:
    """Return the version an engine says it has; None where it doesn't run."""
    environment = {**os.environ, "PULUMI_SKIP_UPDATE_CHECK": "true"}
    try:
        done = subprocess.run(
            [command, "version"], env=environment, capture_output=True, text=True, timeout=60
        )
    except (OSError, subprocess.TimeoutExpired, UnicodeDecodeError):
        return None
    return done.stdout.strip().removeprefix("v") if done.returncode == 0 else None


def _has_language_host(command: Path, search: str | None) -> bool:
    """Whether Pulumi's own Python host is on PATH or, as the engine looks, alongside it."""
    name = f"{LANGUAGE_HOST}.exe" if sys.platform == "win32" else LANGUAGE_HOST
    alongside = command.resolve().parent / name
    on_path = shutil.which(name, path=search) if search != "" else None
    candidates = [alongside, *([Path(on_path)] if on_path else [])]
    return any(os.access(each, os.X_OK) and not is_shim(each) for each in candidates)


def _obtain(phase: Phase) -> Engine:
    """Install the official engine or build one, alongside its place, and move it there whole."""
    reasons: list[str] = []
    for make in (install_official, build_engine):
        workplace = engine_dir() / ".making"
        shutil.rmtree(workplace, ignore_errors=True)  # of a process that was killed
        try:
            make(workplace, phase)
            return _put_in_place(workplace)
        except EngineUnavailable as reason:
            phase.update(str(reason))
            reasons.append(str(reason))
        finally:
            shutil.rmtree(workplace, ignore_errors=True)
    raise MissingToolError(
        "There is no Pulumi engine on this computer, and none could be installed:"
        f" {'; '.join(reasons)}.",
        f"Install Pulumi {PINNED} or newer (pulumi.com/docs/install), or Go 1.26 or newer"
        " (go.dev/doc/install), and run this command again.",
    )


def _put_in_place(workplace: Path) -> Engine:
    version = read_version(workplace / "bin" / PULUMI)
    if version is None or not is_usable(version):
        raise EngineUnavailable(f"the engine that was made doesn't run (version {version})")
    final = engine_dir() / f"pulumi-{PINNED}"
    shutil.rmtree(final, ignore_errors=True)  # without a usable engine in it
    workplace.rename(final)
    found = find_cached()
    if found is None:
        raise EngineUnavailable(f"{final} holds no engine")
    return found
