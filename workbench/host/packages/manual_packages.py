"""Packages that an administrator installed manually for everyone: they are told, not touched."""

from pathlib import Path

from workbench.host import places
from workbench.host.packages import everyone_python
from workbench.host.packages import everyone_r


def all_manual() -> list[dict[str, str]]:
    """Return each one's kind, name and folder."""
    found = [
        ("Python", everyone_python.manual(), everyone_python.FOLDER),
        ("Python", in_notebooks(), places.NOTEBOOKS),
        ("R", everyone_r.manual(), everyone_r.MANUAL),
    ]
    return [
        {"kind": kind, "name": name, "folder": str(folder)}
        for kind, names, folder in found
        for name in names
    ]


def in_notebooks() -> list[str]:
    """Return what pip installed into the kernel's own environment; the recipe takes uv."""
    folder = places.NOTEBOOKS / "lib" / everyone_python.PYTHON / "site-packages"
    by_pip = [path.parent for path in folder.glob("*.dist-info/INSTALLER") if _is_pips(path)]
    return sorted(everyone_python.name_of(path) for path in by_pip)


def removal(name: str, folder: Path) -> tuple[str, str]:
    """Say of one that a converge removes it."""
    return (
        f"{name} was installed manually into {folder}",
        f"remove {name} from {folder} (add it to workbench:packages to keep it)",
    )


def _is_pips(path: Path) -> bool:
    return path.read_text().strip() == "pip"
