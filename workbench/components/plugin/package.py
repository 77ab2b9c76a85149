"""What the package is called, and what its schema says."""

import json
import re
from typing import Any

import pulumi
from pulumi.provider.experimental.component import ComponentProvider

from workbench import __version__
from workbench.components.access import Access
from workbench.components.address import Address
from workbench.components.backup import Backup
from workbench.components.network import Network
from workbench.components.recipe import Recipe
from workbench.components.server import Server
from workbench.components.storage import Storage
from workbench.components.workbench import Workbench

PACKAGE = "workbench"
COMPONENTS: list[type[pulumi.ComponentResource]] = [
    Workbench,
    Network,
    Access,
    Storage,
    Backup,
    Recipe,
    Server,
    Address,
]


def semantic_version(version: str) -> str:
    """Return a Python version as Pulumi needs one: ``0.1.0.dev0`` is ``0.1.0-dev.0``."""
    return re.sub(r"\.?(dev|a|b|rc)(\d+)", r"-\1.\2", version, count=1)


def infer_schema() -> dict[str, Any]:
    """Return the package's schema as Pulumi infers it from the components' annotations."""
    provider = ComponentProvider(COMPONENTS, PACKAGE, version=semantic_version(__version__))
    schema: dict[str, Any] = json.loads(provider.schema or "{}")
    return schema
