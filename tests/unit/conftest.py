"""What all unit tests share."""

import functools
from collections.abc import Iterator

import botocore.session
import pytest


@pytest.fixture(scope="session", autouse=True)
def _models_once() -> Iterator[None]:
    """Read botocore's models once in a process: moto gives each test a session of its own.

    They are megabytes of JSON, which takes longer than what most of these tests do.
    """
    with pytest.MonkeyPatch.context() as patch:
        loader = functools.cache(botocore.session.create_loader)
        patch.setattr(botocore.session, "create_loader", loader)
        yield
