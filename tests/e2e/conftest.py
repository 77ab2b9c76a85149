"""One rehearsal for all e2e tests: named for the tests, in a state folder of its own."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from bench import Bench
from bench import made
from documented import pytest_runtest_call
from documented import pytest_runtest_protocol

__all__ = ["pytest_runtest_call", "pytest_runtest_protocol"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Say that these tests need what the `machine` marker says."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.machine)


@pytest.fixture(scope="session")
def e2e() -> Iterator[Bench]:
    """Give a rehearsal with a workbench on it; everything it made goes at the end."""
    with made(f"e2e{os.getpid()}") as bench:
        yield bench


@pytest.fixture
def bench(e2e: Bench) -> Iterator[Bench]:
    """Give the workbench in working order, whatever the test before did to it."""
    if not e2e.is_running():
        e2e.run("up", limit=1800)
    yield e2e
    while e2e.browsers:
        e2e.browsers.pop().http.close()
