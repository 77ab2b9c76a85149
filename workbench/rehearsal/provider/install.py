"""Put the plugin where the engine looks for the AWS plugin."""

import os
import shlex
import sys
from importlib import metadata
from pathlib import Path

_SCRIPT = """#!/bin/sh
# The rehearsal's AWS plugin, of the installation that made this rehearsal.
PYTHONPATH={path} exec {python} -P -m workbench.rehearsal.provider "$@"
"""


def plugin_version() -> str:
    """Return the version of the AWS SDK in this environment, which is the plugin asked for."""
    return metadata.version("pulumi-aws")


def install_plugin(pulumi_home: Path) -> None:
    """Write the plugin into a Pulumi home, so that the engine downloads none.

    Only a rehearsal's own Pulumi home is for it: elsewhere it would take the official one's place.
    """
    folder = pulumi_home / "plugins" / f"resource-aws-v{plugin_version()}"
    folder.mkdir(parents=True, exist_ok=True)
    root = Path(__file__).resolve().parents[3]
    script = _SCRIPT.format(path=shlex.quote(str(root)), python=shlex.quote(sys.executable))
    _write(folder / "pulumi-resource-aws", script)


def _write(target: Path, text: str) -> None:
    if target.exists() and target.read_text() == text:
        return
    # Never a half-written program: an engine of the same rehearsal may start it at any time.
    draft = target.with_name(f".{target.name}.{os.getpid()}")
    draft.write_text(text)
    draft.chmod(0o755)
    draft.replace(target)
