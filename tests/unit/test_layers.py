"""Arrows point one way: what each part of the package imports of the others."""

import ast
import functools
import re
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

import workbench

ROOT = Path(workbench.__file__).parent
PARTS = ("components", "host", "engine", "checks", "labs", "rehearsal", "remote", "tasks", "policy")
# What a service is, and which there are.
TABLE = {"host.service", "host.service_table"}
# A part, and the modules of another that it may import where that isn't all of them.
ONLY = {
    ("components", "host"): {
        *("host.pack", "host.bootstrap", "host.software", "host.contract.values"),
        *("host.package_lists", "host.r_settings", "host.network_settings", "host.routes"),
        *("host.jupyter.hub_settings", *TABLE),
    },
    ("policy", "tasks"): {"tasks.changes.guard"},
    ("policy", "engine"): {"engine.aws"},
    ("tasks", "host"): {
        *("host.pack", "host.shares.shares", "host.software", "host.service_table"),
    },
    ("checks", "host"): TABLE,
    ("remote", "host"): TABLE,
    ("engine", "rehearsal"): {"rehearsal.names", "rehearsal.description", "rehearsal.credentials"},
}


@functools.cache
def named(path: Path) -> list[set[str]]:
    """Return what each import of a file may name, as ``workbench.host.pack``."""
    return list(_named(path))


def _named(path: Path) -> Iterator[set[str]]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and not node.level:
            base = node.module or ""
            yield {base} | {f"{base}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Import):
            yield {alias.name for alias in node.names}


def imported(part: str) -> Iterator[str]:
    """Give the modules of other parts that a part imports, as ``host.pack``."""
    for path in (ROOT / part).rglob("*.py"):
        for names in named(path):
            yield from modules(names, part)


def modules(names: set[str], part: str) -> Iterator[str]:
    """Give those of the names that are modules of another part."""
    for name in names:
        package, _, module = name.partition(".")
        other = module.partition(".")[0]
        is_other = package == "workbench" and other in PARTS and other not in (part, module)
        if is_other and (ROOT / f"{module.replace('.', '/')}.py").exists():
            yield module


def documented() -> dict[str, set[str]]:
    """Read from the table of folders what each part imports."""
    text = (ROOT.parent / "docs" / "architecture.md").read_text()
    rows = re.findall(r"^\| `workbench/(\w+)/` \|[^|]*\|([^|]*)\|$", text, re.M)
    return {part: set(re.findall(r"`(\w+)`", imports)) for part, imports in rows}


@pytest.mark.parametrize("part", PARTS)
def test_a_part_imports_what_the_architecture_says(part):
    assert {module.partition(".")[0] for module in imported(part)} == documented()[part]


@pytest.mark.parametrize(("part", "other"), sorted(ONLY))
def test_a_part_imports_no_more_of_another_than_it_may(part, other):
    found = {module for module in imported(part) if module.startswith(f"{other}.")}

    assert found == ONLY[part, other]


def test_no_folder_of_tasks_imports_itself_by_way_of_another():
    folders = {path.parent.name for path in (ROOT / "tasks").glob("*/tasks.py")} | {"changes"}
    imports = {
        folder: {
            name.split(".")[2]
            for path in (ROOT / "tasks" / folder).rglob("*.py")
            for names in named(path)
            for name in names
            if name.startswith("workbench.tasks.")
        }
        & folders - {folder}
        for folder in folders
    }

    assert "changes" in imports["data"]
    assert tuple(TopologicalSorter(imports).static_order())
