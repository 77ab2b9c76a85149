"""What a stack's program imports is public; what its configuration says is read in one place."""

import ast
import re
from pathlib import Path

import pytest

import workbench

ROOT = Path(workbench.__file__).parents[1]
PROGRAMS = sorted([*ROOT.glob("stacks/*/**/*.py"), *ROOT.glob("labs/*/__main__.py")])
MARKDOWN = [ROOT / "README.md", *ROOT.glob("docs/*.md"), *ROOT.glob("labs/**/*.md")]
BLOCK = re.compile(r"^```python\n(.*?)^```", re.M | re.S)
# A key in quotes that something is looked up by.
RAW = re.compile(r"(\.get\(|\[)f?[\"']workbench:\w+[\"']")
# A policy pack is no stack: it has the rules, which are public, too.
POLICY = {"workbench.policy"}
READERS = ("tasks", "remote", "checks")


def imported(source: str) -> list[str]:
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom):
            found.append(node.module or "")
        elif isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
    return [name for name in found if name.partition(".")[0] == "workbench"]


def names(source: str) -> list[str]:
    return [
        alias.name
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.ImportFrom) and node.module == "workbench"
        for alias in node.names
    ]


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_stacks_program_imports_public_names_alone(path):
    source = path.read_text()

    assert set(imported(source)) <= {"workbench", *POLICY}
    assert set(names(source)) <= set(workbench.__all__)


def test_there_are_programs_and_each_has_something_of_ours():
    assert len(PROGRAMS) >= 4
    ours = {path.parent for path in PROGRAMS if imported(path.read_text())}
    assert ours == {path.parent for path in PROGRAMS}


@pytest.mark.parametrize("path", MARKDOWN, ids=lambda path: path.name)
def test_a_program_in_the_documentation_imports_public_names_alone(path):
    # A team's own fabfile is another matter: it takes the tasks.
    for source in (each for each in BLOCK.findall(path.read_text()) if "tasks" not in each):
        # What adds a service takes what is for that.
        assert set(imported(source)) <= {"workbench", "workbench.host.extend"}
        assert set(names(source)) <= set(workbench.__all__)


@pytest.mark.parametrize("part", READERS)
def test_no_task_or_check_reads_the_text_of_a_key(part):
    for path in (ROOT / "workbench" / part).rglob("*.py"):
        assert not RAW.findall(path.read_text()), path
