"""Install the official engine with Pulumi's own installer."""

import sys
from pathlib import Path

from workbench.child import run_lines
from workbench.engine.unavailable import EngineUnavailable
from workbench.engine.versions import PINNED
from workbench.progress import Phase

# In seconds; the download is some 150 MB.
LIMIT = 15 * 60.0

# In a process of its own, so that it can be stopped and has a limit. Without the socket's,
# a network that swallows packets would hold the installer for minutes.
_INSTALL = f"""
import socket, subprocess, sys
from semver import VersionInfo
from pulumi.automation import PulumiCommand
socket.setdefaulttimeout(20)
try:
    PulumiCommand.install(root=sys.argv[1], version=VersionInfo.parse("{PINNED}"))
except subprocess.CalledProcessError as error:
    sys.exit((error.output or b"").decode(errors="replace").strip() or str(error))
except Exception as error:
    sys.exit(str(getattr(error, "reason", None) or error))
"""


def install_official(root: Path, phase: Phase) -> None:
    """Install the engine and its language hosts as ``root``/bin.

    Raises EngineUnavailable where the installer can't be reached or fails.
    """
    said: list[str] = []
    phase.update("asking Pulumi's own installer")
    try:
        code = run_lines(
            [sys.executable, "-c", _INSTALL, str(root)],
            on_line=lambda line: _note(line, said, phase),
            on_tick=lambda: phase.tick("downloading Pulumi (about 150 MB)"),
            limit=LIMIT,
        )
    except TimeoutError:
        raise EngineUnavailable(
            f"Pulumi's installer did not end within {LIMIT / 60:.0f} minutes"
        ) from None
    if code != 0:
        raise EngineUnavailable(f"Pulumi's installer failed ({_last(said)})")


def _note(line: str, said: list[str], phase: Phase) -> None:
    if line.strip():
        said.append(line.strip())
        phase.update(line)


def _last(said: list[str]) -> str:
    errors = [line for line in said if line.lower().startswith("error")]
    return (errors or said or ["it says no reason"])[-1]
