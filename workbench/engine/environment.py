"""The environment that the engine, and a person's own pulumi commands, run in."""

import os
import shlex
import sys
from collections.abc import Mapping
from pathlib import Path

from workbench.engine.find import Engine
from workbench.engine.find import engine_dir
from workbench.engine.language_host_shim import ensure_shim
from workbench.engine.passphrases import ensure_passphrase
from workbench.engine.passphrases import passphrase_variables
from workbench.errors import ConfigError
from workbench.rehearsal.credentials import ACCESS_KEY
from workbench.rehearsal.credentials import SECRET_KEY
from workbench.rehearsal.description import read_description
from workbench.rehearsal.description import rehearsal_dir
from workbench.rehearsal.description import rehearsals_dir
from workbench.rehearsal.names import rehearsal_of

# A passphrase in the environment would win over the rehearsal's own.
_PULUMI_VARIABLES = ("PULUMI_CONFIG_PASSPHRASE", "PULUMI_CONFIG", "PULUMI_STACK")
_OF_A_REHEARSAL = (
    "PULUMI_BACKEND_URL",
    "PULUMI_HOME",
    "PULUMI_CONFIG_PASSPHRASE_FILE",
    "PULUMI_DIY_BACKEND_DISABLE_CHECKPOINT_BACKUPS",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_CONFIG_FILE",
    "AWS_SHARED_CREDENTIALS_FILE",
    "AWS_EC2_METADATA_DISABLED",
    "AWS_ENDPOINT_URL",
    "AWS_REGION",
    # The older name, which boto3 reads.
    "AWS_DEFAULT_REGION",
)


def pulumi_environment(engine: Engine, stack_name: str, project_dir: Path) -> dict[str, str]:
    """Return the variables to set for ``pulumi`` to work on the project's stack.

    For a rehearsal's stack that includes where its state is kept and the file with its
    passphrase, both made on first use, and what sends any AWS tool to the rehearsal. Raises
    ConfigError where there is no Pulumi project in ``project_dir``.
    """
    if not (project_dir / "Pulumi.yaml").is_file():
        raise ConfigError(
            f"There is no Pulumi.yaml in {project_dir}.",
            "Change to the project's folder and run this command again.",
        )
    variables = {
        "PATH": os.pathsep.join(_path(engine)),
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "PULUMI_PYTHON_CMD": sys.executable,
        "PULUMI_STACK": stack_name,
    }
    rehearsal = rehearsal_of(stack_name)
    if rehearsal is not None:
        return variables | _rehearsal_variables(rehearsal)
    misleading = misleading_variables(stack_name, os.environ)
    given = {name: value for name, value in os.environ.items() if name not in misleading}
    return variables | passphrase_variables(stack_name, project_dir, given)


def misleading_variables(stack_name: str, environment: Mapping[str, str]) -> list[str]:
    """Return the variables in ``environment`` that must not reach the stack's programs.

    Nothing in a rehearsal may be signed with a person's real keys, or go to AWS; and what
    ``workbench env`` set for a rehearsal isn't for a stack on AWS.
    """
    if rehearsal_of(stack_name) is not None:
        return sorted(
            name for name in environment if name.startswith("AWS_") or name in _PULUMI_VARIABLES
        )
    home = environment.get("PULUMI_HOME", "")
    if home and Path(home).is_relative_to(rehearsals_dir()):
        return sorted(name for name in environment if name in _OF_A_REHEARSAL)
    return []


def engine_variables(engine: Engine, stack_name: str, project_dir: Path) -> dict[str, str]:
    """Return the whole environment of an engine that this process starts."""
    inherited = dict(os.environ)
    for name in misleading_variables(stack_name, inherited):
        del inherited[name]
    variables = {**inherited, **pulumi_environment(engine, stack_name, project_dir)}
    # Every command names its stack; this variable would only make the engine warn.
    variables.pop("PULUMI_STACK", None)
    return variables


def export_lines(engine: Engine, stack_name: str, project_dir: Path) -> list[str]:
    """Return the shell lines of ``eval "$(workbench env)"``."""
    variables = pulumi_environment(engine, stack_name, project_dir)
    misleading = misleading_variables(stack_name, os.environ)
    unset = [f"unset {name}" for name in misleading if name not in variables]
    return [*unset, *(f"export {name}={shlex.quote(value)}" for name, value in variables.items())]


def passphrase_file(rehearsal: str) -> Path:
    """Return the file with the passphrase of a rehearsal's stack; make it on first use."""
    return ensure_passphrase(rehearsal_dir(rehearsal) / "passphrase")


def backend_dir(rehearsal: str) -> Path:
    """Return the folder with the state of a rehearsal's stack."""
    return rehearsal_dir(rehearsal) / "pulumi-state"


def pulumi_home(rehearsal: str) -> Path:
    """Return the engine's own folder of a rehearsal, with its plugins."""
    return rehearsal_dir(rehearsal) / "pulumi-home"


def _rehearsal_variables(rehearsal: str) -> dict[str, str]:
    home, state = pulumi_home(rehearsal), backend_dir(rehearsal)
    for folder in (home, state):
        folder.mkdir(parents=True, exist_ok=True)
    variables = {
        "PULUMI_BACKEND_URL": state.as_uri(),
        "PULUMI_HOME": str(home),
        "PULUMI_CONFIG_PASSPHRASE_FILE": str(passphrase_file(rehearsal)),
        "PULUMI_DIY_BACKEND_DISABLE_CHECKPOINT_BACKUPS": "true",
        "AWS_ACCESS_KEY_ID": ACCESS_KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    description = read_description(rehearsal)
    if description is not None:
        variables["AWS_ENDPOINT_URL"] = description.api_url
        variables["AWS_REGION"] = variables["AWS_DEFAULT_REGION"] = description.region
    return variables


def _path(engine: Engine) -> list[str]:
    """Return PATH with the engine's folder first, and a Python host where none came with it."""
    inherited = [each for each in os.environ.get("PATH", os.defpath).split(os.pathsep) if each]
    folder = engine.command.parent
    if engine.origin != "path" and str(folder) not in inherited:
        inherited = [str(folder), *inherited]
    if engine.has_language_host:
        return inherited
    if engine.origin == "built":
        # Alongside the engine: there it is taken without a warning on every command.
        ensure_shim(folder)
        return inherited
    shims = engine_dir() / "language-host"
    ensure_shim(shims)
    return inherited if str(shims) in inherited else [*inherited, str(shims)]
