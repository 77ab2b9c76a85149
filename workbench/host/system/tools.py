"""What the recipe itself needs: uv and pyinfra, in an environment made by Python alone."""

import hashlib
import subprocess
import sys
import time
from pathlib import Path

from workbench.host import places
from workbench.host.run import commands
from workbench.host.system import apt

REQUIREMENTS = places.PACKAGE / "requirements"
PIP_WHEELS = Path("/usr/share/python-wheels")
PIP_PACKAGE = "python3-pip-whl"
UV = places.VENV / "bin" / "uv"
PYTHON = places.VENV / "bin" / "python"
MARKER = places.VENV / ".requirements"
ATTEMPTS = 5


def digest(*names: str) -> str:
    """Return one hash of requirement files and of the Python they are for."""
    content = b"".join((REQUIREMENTS / name).read_bytes() for name in names)
    python = "{}.{}".format(*sys.version_info)
    return hashlib.sha256(content + python.encode()).hexdigest()


def ensure_tools() -> bool:
    """Make the recipe's environment be what its requirements say; say whether that changed it."""
    if are_ready():
        return False
    MARKER.unlink(missing_ok=True)
    pip = _pip_wheel()
    _download_packages_ahead()
    if not PYTHON.exists():
        # --without-pip: Ubuntu and Debian leave ensurepip out of their Python.
        commands.run(["/usr/bin/python3", "-m", "venv", "--without-pip", places.VENV])
    _run_patiently(
        f"/usr/bin/python3 {pip}/pip --python {PYTHON} install --quiet --no-deps "
        f"--require-hashes --only-binary :all: --requirement {REQUIREMENTS}/uv.txt"
    )
    _run_patiently(
        f"{UV} pip sync --python {PYTHON} --require-hashes "
        f"{REQUIREMENTS}/uv.txt {REQUIREMENTS}/server.txt"
    )
    MARKER.write_text(_wanted())
    return True


def are_ready() -> bool:
    """Say whether the recipe's environment is what its requirements say."""
    return MARKER.is_file() and MARKER.read_text() == _wanted()


def _wanted() -> str:
    return digest("uv.txt", "server.txt")


def _pip_wheel() -> Path:
    """Return the distribution's pip as a wheel (pip runs from inside it)."""
    if not (wheels := list(PIP_WHEELS.glob("pip-*.whl"))):
        for command in apt.update_commands():
            _run_patiently(command)
        _run_patiently(f"{apt.INSTALL} {PIP_PACKAGE}")
        wheels = list(PIP_WHEELS.glob("pip-*.whl"))
    return max(wheels)


def _download_packages_ahead() -> None:
    """Let apt download while pip and uv work; what fails here is told where it is needed."""
    if apt.update_commands() or not (names := apt.missing(apt.PACKAGES)):
        return
    with (places.LOGS / "downloads.log").open("w") as log:
        subprocess.Popen(
            ["/bin/sh", "-c", f"{apt.DOWNLOAD} {' '.join(names)}"],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )


def _run_patiently(command: str) -> None:
    """Run a shell command that needs the network, several times if need be."""
    for attempt in range(1, ATTEMPTS):
        try:
            commands.run(["/bin/sh", "-c", command])
            return
        except commands.CommandError as error:
            print(f"{error}: trying again ({attempt} of {ATTEMPTS - 1})", flush=True)
            time.sleep(2 * attempt)
    commands.run(["/bin/sh", "-c", command])
