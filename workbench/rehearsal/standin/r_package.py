"""Build stand-ins for Posit's packages of R, in folders like Posit's."""

import shutil
from collections.abc import Iterable
from pathlib import Path

from workbench.rehearsal.standin.package import build

FILES = Path(__file__).with_name("r_files")
PROGRAMS = ("DEBIAN/postinst", "DEBIAN/prerm")
# The versions that the recipe knows.
R_VERSIONS = ("4.5.3", "4.6.1")
# Below the folder that machines download from, as at Posit's.
BUILDS = "r"
SYSTEMS = ("debian-12", "ubuntu-2404")
ARCHITECTURES = ("amd64", "arm64")


def r_path(version: str, system: str, architecture: str) -> Path:
    """Return where a version's package is below the folder that machines download from."""
    return Path(BUILDS, system, "pkgs", f"r-{version}_1_{architecture}.deb")


def build_r_packages(directory: Path, versions: Iterable[str] = R_VERSIONS) -> dict[str, Path]:
    """Build the stand-ins into a folder; return a file of each version, which are all the same."""
    built = {}
    for version in versions:
        paths = [directory / r_path(version, s, a) for s in SYSTEMS for a in ARCHITECTURES]
        built[version] = build(paths[0], FILES, {"@R@": version}, PROGRAMS)
        for path in paths[1:]:
            path.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(paths[0], path)
    return built
