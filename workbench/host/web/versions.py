"""Which version of a program is installed."""

from pathlib import Path


def wheel_version(name: str, environment: Path) -> str:
    """Return the version of a package in a Python environment."""
    (folder,) = environment.glob(f"lib/python3*/site-packages/{name}-*.dist-info")
    return folder.name.removeprefix(f"{name}-").removesuffix(".dist-info")


def upstream_version(version: str) -> str:
    """Return a Debian version without its epoch and revision."""
    return version.partition(":")[2].rpartition("-")[0] or version.rpartition("-")[0]
