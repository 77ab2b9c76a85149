"""A rehearsal for the labs, and readers at shells."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from documented import pytest_runtest_call
from documented import pytest_runtest_protocol
from lab_world import World
from left_behind import make_state_folder
from walkthrough import Shell
from warm_image import warm_image

__all__ = ["pytest_runtest_call", "pytest_runtest_protocol"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Say that these tests need what the `machine` marker says."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.machine)


@pytest.fixture(scope="module")
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    """Give a rehearsal that runs, with nothing in it.

    A module whose ``WARM`` is true has machines with the recipe's packages: what it installs is
    installed from nothing in another test.
    """
    name = f"labs{os.getpid()}"
    image = warm_image() if getattr(request.module, "WARM", False) else ""
    world = World(name, make_state_folder("labs"), image)
    try:
        # Outside of the reader's namespace, as what it mounts is for others, too.
        world.run("rehearsal.start", "--name", name)
        yield world
    finally:
        world.run("rehearsal.reset", "--name", name, "--yes")
        shutil.rmtree(world.state_dir, ignore_errors=True)


@pytest.fixture
def reader(world: World) -> Iterator[Shell]:
    """Give a reader at a shell."""
    shell = world.reader()
    yield shell
    shell.close()
