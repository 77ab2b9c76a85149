"""Pack the recipe into an archive that is named by its content."""

import gzip
import hashlib
import importlib.util
import io
import tarfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from workbench.host import service_table

FOLDER = Path(__file__).parent
# The package has the same name on the server, where it stands alone.
NAME = "workbench/host"
# What user data starts on every server; it stays a constant, whatever the package is called.
START = "workbench_host/__main__.py"
ADDED = {
    "workbench/__init__.py": b'"""What of the workbench is on the server."""\n',
    "workbench_host/__init__.py": b'"""What user data starts."""\n',
    START: b"from workbench.host.__main__ import run\n\nrun()\n",
}
# What only the person's own computer needs.
LEFT_OUT = frozenset({"bootstrap.py", "bootstrap.sh", "pack.py", "README.md"})
FOLDERS_LEFT_OUT = frozenset({"__pycache__"})


@dataclass(frozen=True)
class PackedRecipe:
    """The recipe as a gzipped tar archive, and its SHA-256 in hexadecimal."""

    sha256: str
    content: bytes


def pack_recipe(folder: Path = FOLDER, services: Iterable[str] | None = None) -> PackedRecipe:
    """Return the archive: the same bytes from the same files, whoever packs them and when.

    ``services`` are those of the workbench, by name; what installed packages add of them travels in
    the archive. Raises ServicesError for one that isn't installed.
    """
    members = ADDED | _contents(folder, NAME, recipe_files(folder))
    for service in services or ():
        if service not in service_table.own_names():
            members |= _added(service)
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name, content in sorted(members.items()):
            archive.addfile(_member(name, len(content)), io.BytesIO(content))
    compressed = io.BytesIO()
    with gzip.GzipFile(fileobj=compressed, mode="wb", filename="", mtime=0) as file:
        file.write(plain.getvalue())
    content = compressed.getvalue()
    return PackedRecipe(hashlib.sha256(content).hexdigest(), content)


def recipe_files(folder: Path) -> list[Path]:
    """Return the recipe's files that run on the server, in a fixed order."""
    return [path for path in _files(folder) if path.name not in LEFT_OUT and path.suffix != ".in"]


def _files(folder: Path) -> list[Path]:
    return sorted(
        path
        for path in folder.rglob("*")
        if path.is_file() and not FOLDERS_LEFT_OUT & set(path.relative_to(folder).parts)
    )


def _contents(folder: Path, name: str, files: Iterable[Path]) -> dict[str, bytes]:
    return {f"{name}/{path.relative_to(folder).as_posix()}": path.read_bytes() for path in files}


def _added(service: str) -> dict[str, bytes]:
    """Return the package that adds a service, and what declares it: it is found there as here."""
    entry = service_table.find_added(service)
    package = entry.module.partition(".")[0]
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        raise service_table.ServicesError(
            f"The service {service!r} is in the package {package}, which can't be found.",
            "Install the package that adds it again.",
        )
    declared = f"[{service_table.GROUP}]\n{service} = {entry.value}\n"
    metadata = f"Metadata-Version: 2.1\nName: workbench-service-{service}\nVersion: 0\n"
    information = f"workbench_service_{service}-0.dist-info"
    origin = Path(spec.origin)
    if spec.submodule_search_locations:
        contents = _contents(origin.parent, package, _files(origin.parent))
    else:
        contents = {origin.name: origin.read_bytes()}
    return contents | {
        f"{information}/METADATA": metadata.encode(),
        f"{information}/entry_points.txt": declared.encode(),
    }


def _member(name: str, size: int) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.size = size
    # By place, not by the file's mode, which a checkout on Windows doesn't keep.
    member.mode = 0o755 if "/scripts/" in name else 0o644
    return member
