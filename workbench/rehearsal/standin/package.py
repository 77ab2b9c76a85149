"""Build the stand-in's .deb: the same bytes from the same files, without a network."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from workbench.errors import MissingToolError
from workbench.errors import WorkbenchError

# The version that the recipe installs from Posit where it can.
VERSION = "2023.12.0+369+standin"
FILE_NAME = f"rstudio-server-{VERSION.replace('+', '-')}.deb"
FILES = Path(__file__).with_name("files")
# 2024-01-01: any fixed moment makes the package the same on every computer.
TIMESTAMP = 1704067200
PROGRAMS = ("DEBIAN/postinst", "DEBIAN/prerm", "usr/lib/rstudio-server/bin/rserver")


def build_package(directory: Path) -> Path:
    """Build the package into a folder, and return its path.

    Raises MissingToolError where dpkg-deb isn't installed.
    """
    if shutil.which("dpkg-deb") is None:
        raise MissingToolError(
            "The stand-in for RStudio Server is built with dpkg-deb, which isn't installed.",
            "Install the package dpkg with your system's package manager.",
        )
    directory.mkdir(parents=True, exist_ok=True)
    target = directory / FILE_NAME
    with tempfile.TemporaryDirectory(prefix="workbench-standin-") as folder:
        tree = Path(folder) / "tree"
        _copy_tree(tree)
        built = Path(folder) / FILE_NAME
        _build(tree, built)
        # Beside the target first, then renamed: a reader never sees half a package.
        temporary = target.with_suffix(f".{os.getpid()}")
        shutil.copyfile(built, temporary)
        temporary.rename(target)
    return target


def _copy_tree(tree: Path) -> None:
    shutil.copytree(FILES, tree, ignore=shutil.ignore_patterns("__pycache__"))
    control = tree / "DEBIAN" / "control"
    control.write_text(control.read_text().replace("@VERSION@", VERSION))
    server = tree / "usr/lib/rstudio-server/bin/rserver"
    server.write_text(server.read_text().replace("@VERSION@", VERSION))
    for path in (tree, *tree.rglob("*")):
        program = path.is_dir() or str(path.relative_to(tree)) in PROGRAMS
        path.chmod(0o755 if program else 0o644)
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
            f"The stand-in for RStudio Server can't be built: {result.stderr.strip()}",
            "Mend what it says, then try again: workbench rehearsal.start",
        )
