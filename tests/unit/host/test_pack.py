"""The recipe's archive: the same bytes from the same files, and nothing it needs is missing."""

import ast
import hashlib
import io
import re
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from workbench.host import apt
from workbench.host.__main__ import STEPS
from workbench.host.pack import FOLDER
from workbench.host.pack import NAME
from workbench.host.pack import pack_recipe
from workbench.host.pack import recipe_files
from workbench.host.recipe import RECIPE

# Modules that the distribution's Python runs, before pyinfra is there or alongside it.
ALONE = (
    "__main__",
    "accounts",
    "authorized_keys",
    "ending",
    "everyone",
    "generator",
    "guard",
    "host_keys",
    "kill_notes",
    "password",
    "people",
    "posit_signature",
    "register",
    "rights",
    "room",
    "share_use",
    "state_files",
    "team_files",
    "volume",
)
# What JupyterHub runs with, on the server.
HUBS = {
    "jupyterhub",
    "jupyterhub_idle_culler",
    "nbconvert",
    "psutil",
    "pypandoc",
    "sqlalchemy",
    "systemdspawner",
    "tornado",
    "traitlets",
    "typst",
}
THIRD_PARTY = {"cryptography", "pyinfra", "jinja2", "typing_extensions"}


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    tmp_path = tmp_path_factory.mktemp("unpacked")
    with tarfile.open(fileobj=io.BytesIO(pack_recipe().content)) as archive:
        archive.extractall(tmp_path, filter="data")
    return tmp_path


def test_the_same_files_give_the_same_bytes(tmp_path: Path) -> None:
    copy = tmp_path / "elsewhere"
    shutil.copytree(FOLDER, copy)
    for path in copy.rglob("*"):
        path.chmod(0o777)
    assert pack_recipe(copy) == pack_recipe()
    assert pack_recipe().sha256 == hashlib.sha256(pack_recipe().content).hexdigest()


def test_a_changed_file_gives_another_archive(tmp_path: Path) -> None:
    copy = tmp_path / "changed"
    shutil.copytree(FOLDER, copy)
    (copy / "places.py").write_text("# changed\n")
    assert pack_recipe(copy).sha256 != pack_recipe().sha256


def test_what_only_this_computer_needs_stays_here(unpacked: Path) -> None:
    names = {path.name for path in unpacked.rglob("*")}
    assert not names & {"pack.py", "bootstrap.py", "bootstrap.sh", "__pycache__"}
    assert (unpacked / NAME / "requirements" / "jupyterhub.txt").is_file()
    assert (unpacked / NAME / "scripts" / "build-environments").stat().st_mode & 0o111


def test_the_recipe_imports_nothing_of_the_rest() -> None:
    for path in recipe_files(FOLDER):
        if path.suffix == ".py":
            there = HUBS if path.parent.name == "hub" else THIRD_PARTY
            for module in _imported(path):
                assert module in sys.stdlib_module_names | there, f"{path.name}: {module}"


@pytest.mark.parametrize("module", ALONE)
def test_what_runs_before_pyinfra_needs_python_alone(unpacked: Path, module: str) -> None:
    code = f"import {NAME}.{module}, sys; assert 'pyinfra' not in sys.modules"
    subprocess.run(
        [
            sys.executable,
            "-I",
            # The folder is the other tests' as well.
            "-B",
            "-c",
            f"import sys; sys.path[:0]={[str(unpacked)]}; import builtins; " + code,
        ],
        check=True,
    )


def test_the_number_of_steps_is_the_recipes() -> None:
    assert len(RECIPE) + 1 == STEPS


def test_every_requirement_has_a_hash_and_no_address() -> None:
    for path in (FOLDER / "requirements").glob("*.txt"):
        text = path.read_text()
        names = re.findall(r"^[a-z0-9-]+==", text, flags=re.MULTILINE)
        assert names
        assert "://" not in text
        for entry in re.split(r"\n(?=[a-z])", text):
            assert "--hash=sha256:" in entry, entry


def test_a_proxys_lock_has_hashes_and_no_address() -> None:
    text = (FOLDER / "requirements" / "proxy" / "package-lock.json").read_text()
    assert '"resolved"' not in text
    assert text.count('"integrity"') == text.count('"node_modules/')


def test_packages_are_named_once_and_in_order() -> None:
    assert list(apt.PACKAGES) == sorted(set(apt.PACKAGES))


def test_the_packages_can_build_rs_from_their_sources() -> None:
    # Only recommended by r-base-core, and recommendations aren't installed.
    assert "r-base-dev" in apt.PACKAGES


def _imported(path: Path) -> set[str]:
    modules: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            modules |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            modules.add((node.module or "").partition(".")[0])
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 1, path
    return modules
