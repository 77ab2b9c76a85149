"""A rehearsal for the labs, and readers at shells."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from lab_world import SSH
from lab_world import World
from walkthrough import Shell


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Say that these tests need what the `machine` marker says."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.machine)


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    """Give a rehearsal that runs, with nothing in it."""
    name = f"labs{os.getpid()}"
    world = World(name, Path(tempfile.mkdtemp(prefix="workbench-labs-")))
    had_ssh = SSH.is_dir()
    SSH.mkdir(mode=0o700, exist_ok=True)
    try:
        # Outside of the reader's namespace, as what it mounts is for others, too.
        world.run("rehearsal.start", "--name", name)
        yield world
    finally:
        world.run("rehearsal.reset", "--name", name, "--yes")
        shutil.rmtree(world.state_dir, ignore_errors=True)
        if not had_ssh:
            with suppress(OSError):
                SSH.rmdir()


@pytest.fixture
def reader(world: World) -> Iterator[Shell]:
    """Give a reader at a shell."""
    shell = world.reader()
    yield shell
    shell.close()
