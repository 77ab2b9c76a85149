"""The organization's pipeline, which is a program in a folder that others copy."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

ORG = Path(__file__).parents[3] / "stacks" / "org"


def load(name: str, file: Path) -> ModuleType:
    """Return a file as a module."""
    spec = importlib.util.spec_from_file_location(name, file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


# In the order in which one imports the other.
REPORT = load("report", ORG / "pipeline" / "report.py")
PIPELINE = load("pipeline", ORG / "pipeline" / "__main__.py")
