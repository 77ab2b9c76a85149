from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from workbench.errors import WaitTimeoutError
from workbench.errors import WorkbenchError
from workbench.progress import Progress
from workbench.remote.host_keys import KnownHosts
from workbench.remote.ssh_target import Door
from workbench.remote.ssh_target import RefusedError
from workbench.remote.ssh_target import UnreachableError
from workbench.remote.stack_state import StackState
from workbench.tasks.resize import next_server
from workbench.tasks.resize.next_server import make_ready


class State(StackState):
    """A stack on AWS, whose next server's address comes at the second look."""

    def aws(self, service: str) -> Any:
        answers = self.outputs["answers"]
        return SimpleNamespace(
            describe_instances=lambda **_: {
                "Reservations": [{"Instances": [{"State": {"Name": "running"}} | answers.pop(0)]}]
            }
        )

    def door(self) -> Door:
        known_hosts = KnownHosts(self.folder / "ssh" / "known_hosts")
        instance, host = self.outputs["instance_id"], self.outputs["address"]
        return Door("test", instance, host, 22, "ubuntu", Any, known_hosts, lambda: None)  # type: ignore[arg-type]


@pytest.fixture
def entered(monkeypatch: pytest.MonkeyPatch) -> list[Door]:
    """Give the doors that were gone through; the recipe does all it is asked."""
    doors: list[Door] = []
    server = SimpleNamespace(close=lambda: None)

    def wait_open(door: Door, **_: object) -> Any:
        doors.append(door)
        return server

    monkeypatch.setattr(Door, "wait_open", wait_open)
    monkeypatch.setattr(next_server, "converge", lambda *_, **__: (None, server))
    monkeypatch.setattr(next_server, "INTERVAL", 0.0)
    return doors


def state(*answers: dict[str, str]) -> State:
    running: dict[str, str] = {}
    outputs = {
        "instance_id": "i-old",
        "other_instance_id": "i-new",
        "address": "198.51.100.7",
        "answers": [running, *answers],
    }
    return State("test", outputs)


def test_goes_in_by_the_next_servers_own_address(entered):
    make_ready(state({}, {"PublicIpAddress": "203.0.113.9"}), Progress(quiet=True))

    (door,) = entered
    assert (door.host, door.instance_id) == ("203.0.113.9", "i-new")


def test_leaves_the_pins_of_the_server_that_serves_alone(entered, state_dir: Path):
    make_ready(state({"PublicIpAddress": "203.0.113.9"}), Progress(quiet=True))

    assert entered[0].known_hosts.path.name == "known_hosts.next"


def test_gives_up_on_an_address_that_never_comes(entered, monkeypatch):
    monkeypatch.setattr(next_server, "ADDRESS_LIMIT", -1.0)

    with pytest.raises(WaitTimeoutError, match="not got an address of its own"):
        make_ready(state({}), Progress(quiet=True))


def test_waits_until_the_recipe_has_brought_the_key_of_today(entered, monkeypatch):
    refused = [RefusedError("ubuntu@203.0.113.9 refuses the key.")]
    enter = Door.wait_open

    def wait_open(door: Door, **named: Any) -> Any:
        if refused:
            raise refused.pop()
        return enter(door, **named)

    monkeypatch.setattr(Door, "wait_open", wait_open)

    make_ready(state({"PublicIpAddress": "203.0.113.9"}), Progress(quiet=True))

    assert len(entered) == 1


def test_a_closed_port_is_no_reason_to_wait_for_a_key(entered, monkeypatch):
    def wait_open(door: Door, **_: object) -> Any:
        raise UnreachableError("SSH doesn't answer.")

    monkeypatch.setattr(Door, "wait_open", wait_open)

    with pytest.raises(UnreachableError):
        make_ready(state({"PublicIpAddress": "203.0.113.9"}), Progress(quiet=True))


def test_says_what_a_program_of_ones_own_has_to_export():
    with pytest.raises(WorkbenchError, match="which the other server is") as caught:
        next_server.next_instance(StackState("test", {"instance_id": "i-old"}))

    assert "other_instance_id" in caught.value.hint
