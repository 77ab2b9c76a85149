"""Which tests share a worker, and which of them begin."""

import os
import signal
import sys
from collections.abc import Iterator

import pytest
from left_behind import find_left_behind
from left_behind import remove_left_behind
from xdist.scheduler import LoadScopeScheduling

# As a rehearsal has it, whichever of the two is imported first: a thousand made-up images for each
# account and region take longer than most tests.
os.environ["MOTO_EC2_LOAD_DEFAULT_AMIS"] = "false"

# A run in the background of a shell script ignores Ctrl-C, and so would all that the tests start.
signal.signal(signal.SIGINT, signal.default_int_handler)

# Folders whose tests have one machine between them; of others, each file goes by itself.
TOGETHER = ("tests/cloud/machines/", "tests/cloud/provider/", "tests/cloud/engine/")
LONGEST_FIRST = (
    "tests/labs/test_in_order.py",
    "tests/labs/test_applications_",
    "tests/labs/test_network_",
    "tests/e2e/test_fresh_clone.py",
    "tests/labs/test_solutions.py",
    "tests/e2e/tasks/test_replace.py",
    "tests/labs/",
    "tests/host/",
    "tests/e2e/",
    "tests/cloud/machines/",
    "tests/cloud/test_control.py",
    "tests/cloud/",
)


def _group(nodeid: str) -> str:
    """Return what a test belongs to: one of ``TOGETHER``, else its file."""
    return next((start for start in TOGETHER if nodeid.startswith(start)), nodeid.split("::")[0])


def _turn(nodeid: str) -> int:
    """Return when a test begins: the place of the first in ``LONGEST_FIRST`` that it is of."""
    turns = (turn for turn, start in enumerate(LONGEST_FIRST) if nodeid.startswith(start))
    return next(turns, len(LONGEST_FIRST))


class ByMachine(LoadScopeScheduling):
    """Give a worker all tests of one machine."""

    def _split_scope(self, nodeid: str) -> str:
        return _group(nodeid)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> ByMachine:
    """Replace xdist's own schedulers (its groups by marker need an older pytest)."""
    return ByMachine(config, log)


def pytest_sessionstart(session: pytest.Session) -> None:
    """Remove what runs that were killed left behind; not once for each worker."""
    if not hasattr(session.config, "workerinput"):
        for folder in find_left_behind():
            why = remove_left_behind(folder)
            told = f"A killed run's {folder} is {f'kept: {why}' if why else 'removed'}"
            print(told, file=sys.stderr)


# After pytest-randomly, which wants to be first.
@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let what takes longest begin, in random order within."""
    items.sort(key=lambda item: _turn(item.nodeid))


@pytest.fixture(scope="module")
def plain_moto() -> Iterator[None]:
    """Give moto's own EC2, empty.

    Tests before these, in the same process, may have put a rehearsal's in its place: without
    machines, that would never have a volume or an instance ready.
    """
    # Not before it is needed: what moto holds depends on what is set when it is imported.
    from moto.ec2.models import EC2Backend
    from moto.ec2.models import ec2_backends

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ec2_backends, "backend", EC2Backend)
        ec2_backends.clear()
        yield
    ec2_backends.clear()
