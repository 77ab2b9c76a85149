"""Which tests share a worker, and which of them begin."""

import signal
from collections.abc import Iterator

import pytest
from xdist.scheduler import LoadScopeScheduling

# A run in the background of a shell script ignores Ctrl-C, and so would all that the tests start.
signal.signal(signal.SIGINT, signal.default_int_handler)

# Those with one machine or one rehearsal between them, longest first; others go file by file.
TOGETHER = {
    "tests/e2e/tasks/test_replace.py": 2,
    "tests/e2e/tasks/": 0,
    "tests/e2e/test_fresh_clone.py": 4,
    "tests/e2e/": 1,
    "tests/host/": 3,
    "tests/cloud/machines/": 5,
    "tests/cloud/test_control.py": 6,
    "tests/cloud/provider/": 7,
    "tests/cloud/engine/": 8,
}


def _group(nodeid: str) -> str:
    """Return what a test belongs to: a key of ``TOGETHER``, else its file."""
    return next((start for start in TOGETHER if nodeid.startswith(start)), nodeid.split("::")[0])


class ByMachine(LoadScopeScheduling):
    """Give a worker all tests of one machine."""

    def _split_scope(self, nodeid: str) -> str:
        return _group(nodeid)


def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> ByMachine:
    """Replace xdist's own schedulers (its groups by marker need an older pytest)."""
    return ByMachine(config, log)


# After pytest-randomly, which wants to be first.
@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let what takes longest begin, in random order within."""
    items.sort(key=lambda item: TOGETHER.get(_group(item.nodeid), len(TOGETHER)))


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
