"""Build a stand-in's .deb: the same bytes from the same files, without a network."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Collection
from collections.abc import Mapping
from pathlib import Path

from workbench.errors import MissingToolError
from workbench.errors import WorkbenchError

# The version that the recipe installs from Posit where it can.
VERSION = "2026.07.0+139+standin"
FILE_NAME = f"rstudio-server-{VERSION.replace('+', '-')}.deb"
FILES = Path(__file__).with_name("files")
PROGRAMS = ("DEBIAN/postinst", "DEBIAN/prerm", "usr/lib/rstudio-server/bin/rserver")
# 2024-01-01: any fixed moment makes the package the same on every computer.
TIMESTAMP = 1704067200


def build_package(directory: Path) -> Path:
    """Build RStudio Server's stand-in into a folder, and return its path.

    Raises MissingToolError where dpkg-deb isn't installed.
    """
    return build(directory / FILE_NAME, FILES, {"@VERSION@": VERSION}, PROGRAMS)


def build(target: Path, files: Path, values: Mapping[str, str], programs: Collection[str]) -> Path:
    """Build a package of a folder's files, with ``values`` put into them; return its path."""
    if shutil.which("dpkg-deb") is None:
        raise MissingToolError(
            f"The stand-in {target.name} is built with dpkg-deb, which isn't installed.",
            "Install the package dpkg with your system's package manager.",
        )
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="workbench-standin-") as folder:
        tree = Path(folder) / "tree"
        _copy_tree(files, tree, values, programs)
        built = Path(folder) / target.name
        _build(tree, built)
        # Alongside the target first, then renamed: a reader never sees half a package.
        temporary = target.with_suffix(f".{os.getpid()}")
        shutil.copyfile(built, temporary)
        temporary.rename(target)
    return target


def _copy_tree(
    files: Path, tree: Path, values: Mapping[str, str], programs: Collection[str]
) -> None:
    shutil.copytree(files, tree, ignore=shutil.ignore_patterns("__pycache__"))
    for path in (tree, *tree.rglob("*")):
        if path.is_file():
            text = path.read_text()
            for placeholder, value in values.items():
                text = text.replace(placeholder, value)
            path.write_text(text)
        program = path.is_dir() or str(path.relative_to(tree)) in programs
        path.chmod(0o755 if program else 0o644)
    for path in (tree, *tree.rglob("*")):
        os.utime(path, (TIMESTAMP, TIMESTAMP))


def _build(tree: Path, target: Path) -> None:
    result = subprocess.run(
        ["dpkg-deb", "--root-owner-group", "-Zgzip", "--build", str(tree), str(target)],
        env={**os.environ, "SOURCE_DATE_EPOCH": str(TIMESTAMP)},
        capture_output=True,
        text=True,
        check=False,
    )
    if result.returncode:
        raise WorkbenchError(
            f"The stand-in {target.name} can't be built: {result.stderr.strip()}",
            "Fix what it says, then try again: workbench rehearsal.start",
        )
