"""How long an Instance Connect endpoint takes to be made, where the time is set meanwhile."""

import time

import pytest

from workbench.rehearsal.api.instance_connect import MAKING
from workbench.rehearsal.api.instance_connect import Endpoint


@pytest.mark.parametrize(
    ("since", "state"),
    [
        (MAKING / 2, "create-in-progress"),
        (MAKING + 1, "create-complete"),
        # Set back by an hour: it isn't being made for an hour.
        (-3600.0, "create-complete"),
    ],
)
def test_an_endpoint_is_made_after_some_seconds(
    monkeypatch: pytest.MonkeyPatch, since: float, state: str
) -> None:
    made = Endpoint("eice-1", "subnet-1", "vpc-1", "a", [], False, "eni-1", "10.0.0.9")
    now = made.made + since
    monkeypatch.setattr(time, "time", lambda: now)
    assert made.state == state
