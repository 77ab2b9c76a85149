"""What is known of a stack follows a server that starts."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from workbench.rehearsal.description import Description
from workbench.remote import stack_state
from workbench.remote.stack_state import StackState

IP = "7.0.0.1"
STOPPED = Description("r", 1, 1, "", "", "us-east-1", "", "", "", "", "", "", "")
STARTED = replace(STOPPED, addresses={IP: {"22": 2222}})


@pytest.fixture
def described(monkeypatch: pytest.MonkeyPatch) -> Callable[..., StackState]:
    """Give a stopped server's state, whose rehearsal says one thing after the other from then."""

    def make(*described: Description | None) -> StackState:
        saying = iter(described)
        monkeypatch.setattr(stack_state, "running_rehearsal", lambda _: next(saying))
        return StackState("rehearsal-r", {"address": IP}, rehearsal=STOPPED)

    return make


def test_ports_that_are_taken_here_are_followed_when_a_server_starts(
    described: Callable[..., StackState],
) -> None:
    state = described(STOPPED, None, STARTED)
    assert state.address
    assert state.address.port(22) == 22
    state.see_ports()
    assert state.address.port(22) == 2222


def test_a_server_with_every_port_closed_is_not_waited_for_long(
    described: Callable[..., StackState], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stack_state, "PORTS_LIMIT", -1)
    state = described(STOPPED)
    state.see_ports()
    assert state.rehearsal == STOPPED


@pytest.mark.parametrize(
    ("config", "region"), [({}, "eu-west-1"), ({"aws:region": "eu-west-2"}, "eu-west-2")]
)
def test_a_stack_on_aws_is_asked_about_where_it_is(
    monkeypatch: pytest.MonkeyPatch, config: dict[str, str], region: str
) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "k")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "s")
    state = StackState("prod", {"region": "eu-west-1"}, config)
    assert state.aws("ec2").meta.region_name == region
