"""Where Pulumi keeps stacks' state: the backend that this computer is logged in to."""

import json
import os
import subprocess
from pathlib import Path
from urllib.parse import urlsplit

from workbench.engine.environment import misleading_variables
from workbench.engine.find import Engine
from workbench.errors import WorkbenchError

LOCAL = "file://~"
TIMEOUT = 60
_NOT_LOGGED_IN = "PULUMI_ACCESS_TOKEN must be set"


def current_backend(engine: Engine, stack_name: str, folder: Path) -> str | None:
    """Return the URL of the backend that a stack would be in; None where Pulumi has none yet.

    ``folder`` is the project's, which may name a backend of its own.
    """
    done = _pulumi(engine, stack_name, folder, "whoami", "--json")
    if _NOT_LOGGED_IN in done.stderr:
        return None
    if done.returncode != 0:
        raise WorkbenchError(f"Pulumi can't reach its backend: {_last_line(done.stderr)}")
    return str(json.loads(done.stdout)["url"])


def log_in(engine: Engine, stack_name: str, folder: Path, url: str) -> None:
    """Log in to a backend, as ``pulumi login`` does: from then on it is the one."""
    done = _pulumi(engine, stack_name, folder, "login", url)
    if done.returncode != 0:
        raise WorkbenchError(
            f"Pulumi can't keep its state at {url}: {_last_line(done.stderr)}",
            f"pulumi login {url}",
        )


def needs_passphrase(url: str) -> bool:
    """Whether a backend leaves it to stacks to encrypt their secrets; Pulumi Cloud does it."""
    return urlsplit(url).scheme not in ("http", "https")


def _pulumi(
    engine: Engine, stack_name: str, folder: Path, *words: str
) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PULUMI_SKIP_UPDATE_CHECK": "true"}
    for name in misleading_variables(stack_name, os.environ):
        del environment[name]
    return subprocess.run(
        [engine.command, *words, "--non-interactive"],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
    )


def _last_line(text: str) -> str:
    lines = [line.removeprefix("error: ") for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else "it gave no reason"
