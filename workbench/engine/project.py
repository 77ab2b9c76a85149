"""Which Pulumi project a stack belongs to, and where what belongs to both is kept."""

from pathlib import Path

import yaml

from workbench.errors import ConfigError
from workbench.places import stack_dir

# What `workbench init` calls the project it makes, where there is none yet.
NEW = "workbench"


def project_name(project_dir: Path) -> str:
    """Return the name of the Pulumi project in a folder. Raises ConfigError where it has none."""
    path = project_dir / "Pulumi.yaml"
    try:
        found = yaml.safe_load(path.read_text(encoding="utf-8"))
    except yaml.YAMLError:
        found = None
    if not isinstance(found, dict) or not found.get("name"):
        raise ConfigError(
            f"{path} has no name, which every Pulumi project needs.",
            "Put a line into it, for example: name: research",
        )
    return str(found["name"])


def kept_dir(stack: str, project_dir: Path | None) -> Path:
    """Return the folder of what belongs to a stack on AWS, of the project in a folder.

    A full name (organization/project/stack) names the project itself.
    """
    if stack.count("/") == 2:
        return stack_dir(stack.split("/")[1], stack)
    try:
        name = project_name(project_dir) if project_dir else NEW
    except (OSError, ConfigError):
        name = NEW
    return stack_dir(name, stack)
