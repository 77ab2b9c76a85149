"""What the recipe itself needs: an environment with uv and pyinfra, made from nothing but Python."""

import hashlib
import sys
from pathlib import Path

from . import commands
from . import places

REQUIREMENTS = Path(__file__).parent / "requirements"
PIP_WHEELS = Path("/usr/share/python-wheels")
PIP_PACKAGE = "python3-pip-whl"
# An apt command of the distribution's own timers may hold the lock for minutes.
APT = ["apt-get", "-q", "-y", "-o", "DPkg::Lock::Timeout=300", "-o", "Acquire::Retries=3"]
UV = places.VENV / "bin" / "uv"
PYTHON = places.VENV / "bin" / "python"


def digest(*names: str) -> str:
    """Return one hash of requirement files and of the Python they are for."""
    content = b"".join((REQUIREMENTS / name).read_bytes() for name in names)
    return hashlib.sha256(content + sys.version.encode()).hexdigest()


def ensure_tools() -> bool:
    """Make the recipe's environment be what its requirements say; say whether that changed it."""
    wanted = digest("uv.txt", "server.txt")
    marker = places.VENV / ".requirements"
    if marker.is_file() and marker.read_text() == wanted:
        return False
    marker.unlink(missing_ok=True)
    if not PYTHON.exists():
        # --without-pip: Ubuntu and Debian leave ensurepip out of their Python.
        commands.run(["/usr/bin/python3", "-m", "venv", "--without-pip", places.VENV])
    _pip_install("uv.txt")
    commands.run(
        [UV, "pip", "sync", "--python", PYTHON, "--require-hashes"]
        + [REQUIREMENTS / name for name in ("uv.txt", "server.txt")]
    )
    marker.write_text(wanted)
    return True


def _pip_install(requirements: str) -> None:
    commands.run(
        ["/usr/bin/python3", _pip_wheel() / "pip", "--python", PYTHON, "install", "--quiet"]
        + ["--no-deps", "--require-hashes", "--only-binary", ":all:", "--retries", "5"]
        + ["-r", REQUIREMENTS / requirements]
    )


def _pip_wheel() -> Path:
    """Return the distribution's pip as a wheel (pip runs from inside it)."""
    if not (wheels := list(PIP_WHEELS.glob("pip-*.whl"))):
        commands.run([*APT, "update"])
        commands.run([*APT, "install", "--no-install-recommends", PIP_PACKAGE])
        wheels = list(PIP_WHEELS.glob("pip-*.whl"))
    return max(wheels)
