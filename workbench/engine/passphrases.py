"""Passphrases of stacks whose state is in a backend of your own, kept in files."""

import os
import secrets
from collections.abc import Mapping
from pathlib import Path

from workbench.engine.project import kept_dir

# Either of them, set by a person, wins over what is kept here.
VARIABLES = ("PULUMI_CONFIG_PASSPHRASE", "PULUMI_CONFIG_PASSPHRASE_FILE")


def kept_passphrase(stack_name: str, project_dir: Path) -> Path:
    """Return where the passphrase of a stack on AWS is kept; there may be none."""
    return kept_dir(stack_name, project_dir) / "passphrase"


def passphrase_variables(
    stack_name: str, project_dir: Path, environment: Mapping[str, str]
) -> dict[str, str]:
    """Return what tells Pulumi the passphrase that is kept for a stack, if it must be told."""
    path = kept_passphrase(stack_name, project_dir)
    if any(name in environment for name in VARIABLES) or not path.is_file():
        return {}
    return {"PULUMI_CONFIG_PASSPHRASE_FILE": str(path)}


def ensure_passphrase(path: Path) -> Path:
    """Make the file with a passphrase, for its owner alone, where there is none."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(secrets.token_urlsafe(32))
    return path
