"""Programs that pretend to be pulumi or go, in folders of the test's own."""

from collections.abc import Callable
from pathlib import Path

import pytest

from workbench.engine import find
from workbench.progress import Progress


@pytest.fixture(autouse=True)
def own_places(tmp_path, monkeypatch):
    monkeypatch.setenv("WORKBENCH_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("WORKBENCH_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    (tmp_path / "bin").mkdir()
    # The shell that the programs below are written in, and no pulumi and no go.
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/bin")
    for name in ("go", "pulumi"):
        assert not Path("/bin", name).exists()


@pytest.fixture
def program(tmp_path) -> Callable[..., Path]:
    """Write an executable shell script; by default into the only folder on PATH of its own."""

    def write(name: str, script: str, folder: Path = tmp_path / "bin") -> Path:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)
        return path

    return write


@pytest.fixture
def pulumi(program) -> Callable[..., Path]:
    """Write an engine that says it has ``version``."""

    def write(version: str, **where: Path) -> Path:
        return program("pulumi", f"echo v{version}", **where)

    return write


@pytest.fixture
def progress(tmp_path):
    made = Progress(tmp_path / "log", quiet=True)
    yield made
    made.close()


@pytest.fixture
def no_installer(monkeypatch):
    """Be without a network: as Pulumi's installer fails then."""
    monkeypatch.setattr(
        "workbench.engine.official._INSTALL",
        "import sys; sys.exit('[Errno -2] Name or service not known')",
    )


@pytest.fixture
def cached(tmp_path) -> Path:
    """Return the folder that the project's own engine's executable is in."""
    return tmp_path / "cache" / "engine" / f"pulumi-{find.PINNED}" / "bin"
