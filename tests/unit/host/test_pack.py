"""The recipe's archive: the same bytes from the same files, and nothing it needs is missing."""

import ast
import hashlib
import io
import json
import re
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from workbench.host import service_table
from workbench.host.__main__ import count_steps
from workbench.host.pack import FOLDER
from workbench.host.pack import NAME
from workbench.host.pack import pack_recipe
from workbench.host.pack import recipe_files
from workbench.host.recipe import recipe
from workbench.host.service_table import ServicesError
from workbench.host.software import CURRENT_R
from workbench.host.system import apt

# Modules that the distribution's Python runs, before pyinfra is there or alongside it.
ALONE = (
    "__main__",
    "data.host_keys",
    "data.room",
    "data.state_files",
    "data.volume",
    "packages.everyone",
    "people.accounts",
    "people.authorized_keys",
    "people.ending",
    "people.password",
    "people.people",
    "people.register",
    "people.team_files",
    "rights.rights",
    "shares.generator",
    "shares.guard",
    "shares.kill_notes",
    "shares.share_use",
    "system.posit_signature",
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
SETTINGS = """{"version": 1, "name": "lab", "domain": null, "names": [], "users": [],
 "administrator": {"name": "admin", "public_keys": []},
 "data_volume": {"id": "vol-1", "device": "/dev/sdf"}}"""
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
                known = module.partition(".")[0] in sys.stdlib_module_names | there
                assert known or module.startswith("workbench.host"), f"{path.name}: {module}"


@pytest.mark.parametrize("module", ALONE)
def test_what_runs_before_pyinfra_needs_python_alone(unpacked: Path, module: str) -> None:
    code = f"import workbench.host.{module}, sys; assert 'pyinfra' not in sys.modules"
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


ADDED = """
from workbench.host.extend import Service

SERVICE = Service(
    name="hello", title="Hello", unit="hello.service", about="", version=str, start=print, port=81,
    path="/hello/",
)
"""


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Have a package installed that adds a service; return its folder."""
    place = tmp_path / "installed"
    package, information = place / "hello_package", place / "hello_package-1.0.dist-info"
    for folder in (package / "templates", information):
        folder.mkdir(parents=True)
    (package / "__init__.py").write_text(ADDED)
    # Names that the recipe leaves out of its own.
    for name in ("bootstrap.py", "page.in"):
        (package / name).write_text("")
    (package / "templates" / "page.j2").write_text("hello")
    (information / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: hello-package\nVersion: 1\n"
    )
    (information / "entry_points.txt").write_text(
        "[workbench.services]\nhello = hello_package:SERVICE\n"
    )
    monkeypatch.syspath_prepend(place)
    yield package
    sys.modules.pop("hello_package", None)


def test_an_added_service_travels_with_its_package_and_is_found_there(
    installed: Path, tmp_path: Path
) -> None:
    packed = pack_recipe(services=["jupyterhub", "hello"])
    assert packed == pack_recipe(services=["hello", "jupyterhub"])
    assert packed != pack_recipe(services=["jupyterhub"]) == pack_recipe()
    there = tmp_path / "there"
    with tarfile.open(fileobj=io.BytesIO(packed.content)) as archive:
        archive.extractall(there, filter="data")

    assert (there / "hello_package" / "templates" / "page.j2").read_text() == "hello"
    assert all((there / "hello_package" / name).is_file() for name in ("bootstrap.py", "page.in"))
    code = (
        f"import sys; sys.path[:0] = [{str(there)!r}]; from workbench.host import service_table; "
        "print(service_table.choose(['hello'])[0].path)"
    )
    said = subprocess.run(
        [sys.executable, "-IB", "-S", "-c", code], check=True, capture_output=True, text=True
    )
    assert said.stdout == "/hello/\n"


def test_what_is_asked_for_and_not_installed_is_no_archive() -> None:
    with pytest.raises(ServicesError, match="There is no service 'hello'"):
        pack_recipe(services=["hello"])


def test_the_number_of_steps_is_the_recipes_where_settings_can_be_read(tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    path.write_text("{}")
    assert count_steps(path) == 1

    path.write_text(SETTINGS)
    steps = recipe(service_table.choose(service_table.default_services()))
    # The system's R alone is nothing to fetch.
    assert count_steps(path) == len(steps)
    path.write_text(json.dumps(json.loads(SETTINGS) | {"r": {"versions": [CURRENT_R]}}))
    assert count_steps(path) == 1 + len(steps)


def test_the_steps_are_counted_without_pyinfra(unpacked: Path) -> None:
    settings = unpacked / "settings.json"
    settings.write_text(SETTINGS)
    code = (
        "import sys; from pathlib import Path; from workbench.host.__main__ import count_steps; "
        f"assert count_steps(Path({str(settings)!r})) > 20; "
        "assert not {'pyinfra', 'cryptography', 'jinja2'} & set(sys.modules)"
    )
    subprocess.run(
        [sys.executable, "-IB", "-c", f"import sys; sys.path[:0]=[{str(unpacked)!r}]; {code}"],
        check=True,
    )


def test_every_requirement_has_a_hash_and_no_address() -> None:
    for path in (FOLDER / "requirements").glob("*.txt"):
        text = path.read_text()
        names = re.findall(r"^[a-z0-9-]+==", text, flags=re.MULTILINE)
        assert names
        assert "://" not in text
        for entry in re.split(r"\n(?=[a-z])", text):
            assert "--hash=sha256:" in entry, entry


def test_servers_do_without_a_grammar_that_takes_longer_to_read_than_all_else() -> None:
    # A lock that is written again without the README's options has it back.
    assert "rfc3987-syntax" not in (FOLDER / "requirements" / "jupyterhub.txt").read_text()


def test_a_proxys_lock_has_hashes_and_no_address() -> None:
    text = (FOLDER / "requirements" / "proxy" / "package-lock.json").read_text()
    assert '"resolved"' not in text
    assert text.count('"integrity"') == text.count('"node_modules/')


def test_packages_are_named_once_and_in_order() -> None:
    for names in (apt.PACKAGES, apt.LATER):
        assert list(names) == sorted(set(names))
    assert not set(apt.PACKAGES) & set(apt.LATER)


def test_the_packages_can_build_rs_from_their_sources() -> None:
    # Only recommended by r-base-core, and recommendations aren't installed.
    assert "r-base-dev" in apt.LATER


def _imported(path: Path) -> set[str]:
    modules: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            modules |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            modules.add(node.module or "")
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 1, path
    return modules
