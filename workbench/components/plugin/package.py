"""What the package is called, and what its schema says."""

import json
import re
from importlib import metadata
from typing import Any

import pulumi

from workbench import __version__
from workbench.components.access import Access
from workbench.components.address import Address
from workbench.components.backup import Backup
from workbench.components.entrance import Entrance
from workbench.components.instance_connect import InstanceConnectEndpoint
from workbench.components.network import Network
from workbench.components.plugin.server import Components
from workbench.components.recipe import Recipe
from workbench.components.server import Server
from workbench.components.storage import Storage
from workbench.components.workbench import Workbench

PACKAGE = "workbench"
DISTRIBUTION = "diy-workbench"
KEYWORDS = ("aws", "jupyterhub", "rstudio", "data-science")
COMPONENTS: list[type[pulumi.ComponentResource]] = [
    Workbench,
    Network,
    Access,
    Storage,
    Backup,
    Recipe,
    Server,
    Address,
    Entrance,
    InstanceConnectEndpoint,
]


def semantic_version(version: str) -> str:
    """Return a Python version as Pulumi needs one: ``0.1.0.dev0`` is ``0.1.0-dev.0``."""
    return re.sub(r"\.?(dev|a|b|rc)(\d+)", r"-\1.\2", version, count=1)


def make_provider() -> Components:
    """Return what serves the components, with their schema as the registry wants it."""
    provider = Components(COMPONENTS, PACKAGE, version=semantic_version(__version__))
    schema: dict[str, Any] = json.loads(provider.schema or "{}")
    provider.schema = json.dumps(schema | _about())
    return provider


def infer_schema() -> dict[str, Any]:
    """Return the package's schema: what Pulumi infers from the annotations, and what it is."""
    schema: dict[str, Any] = json.loads(make_provider().schema or "{}")
    return schema


def _about() -> dict[str, Any]:
    """Return what Pulumi can't infer: what the package is, and the plugin that its parts need."""
    about = metadata.metadata(DISTRIBUTION)
    return {
        "displayName": "Data science workbench",
        "description": about["Summary"],
        "license": about["License-Expression"],
        "keywords": ["pulumi", "category/cloud", "kind/component", *KEYWORDS],
        "dependencies": [{"name": "aws", "version": metadata.version("pulumi-aws")}],
    }
