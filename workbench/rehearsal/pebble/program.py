"""Build pebble from its Go module, where certificates of an address are wanted.

The distributions' pebble is older than profiles, and Let's Encrypt certifies addresses by one only.
A workbench with a domain needs none, so that its first `up` doesn't wait for a build.
"""

import os
import shutil
from pathlib import Path

from workbench.go_build import BuildUnavailable
from workbench.go_build import GoModule
from workbench.go_build import build_program
from workbench.locking import exclusive
from workbench.places import cache_dir
from workbench.progress import Progress

# The same as in go.mod.
VERSION = "2.10.3"
LOCK_LIMIT = 15 * 60.0
PEBBLE = GoModule(
    Path(__file__).parent,
    "pebble",
    download="20 MB",
    disk="200 MB",
    memory="500 MB",
    flags=("-trimpath", "-ldflags=-s -w"),
)


def find_profiled() -> Path | None:
    """Return the pebble that was built earlier."""
    program = _folder() / f"pebble-{VERSION}" / "bin" / "pebble"
    return program if os.access(program, os.X_OK) else None


def ensure_profiled(progress: Progress) -> Path:
    """Return the pebble that knows profiles; build it where it isn't there yet.

    Raises BuildUnavailable where it can't be built.
    """
    found = find_profiled()
    if found is not None:
        return found
    with (
        progress.phase(f"Pebble {VERSION}") as phase,
        exclusive(_folder() / "lock", "pebble", LOCK_LIMIT, phase.tick),
    ):
        # Another process may have built it while this one waited for the lock.
        if find_profiled() is None:
            workplace = _folder() / ".making"
            shutil.rmtree(workplace, ignore_errors=True)  # of a process that was killed
            try:
                build_program(PEBBLE, workplace, phase)
                workplace.rename(_folder() / f"pebble-{VERSION}")
            finally:
                shutil.rmtree(workplace, ignore_errors=True)
    built = find_profiled()
    if built is None:
        raise BuildUnavailable("building it left no program")
    return built


def _folder() -> Path:
    return cache_dir() / "pebble"
