"""A stopped server is started; one that is gone is told."""

from typing import Any

import pytest

from workbench.errors import WorkbenchError
from workbench.progress import Progress
from workbench.tasks.power import ensure_running


class Ec2:
    def __init__(self, state: str) -> None:
        self.state = state
        self.done: list[str] = []

    def describe_instances(self, **_: Any) -> Any:
        return {"Reservations": [{"Instances": [{"State": {"Name": self.state}}]}]}

    def start_instances(self, InstanceIds: list[str]) -> None:
        self.done.append(f"start {InstanceIds[0]}")

    def get_waiter(self, what: str) -> Any:
        ec2 = self

        class Waiter:
            def wait(self, **_: Any) -> None:
                ec2.done.append(what)

        return Waiter()


@pytest.mark.parametrize(
    ("state", "done"),
    [
        ("running", []),
        ("pending", ["instance_running"]),
        ("stopped", ["start i-1", "instance_running"]),
        ("stopping", ["instance_stopped", "start i-1", "instance_running"]),
    ],
)
def test_it_runs_at_the_end(state: str, done: list[str]) -> None:
    ec2 = Ec2(state)
    with Progress(quiet=True).phase("Server") as phase:
        ensure_running(ec2, "i-1", phase)
    assert ec2.done == done


def test_a_terminated_instance_is_told() -> None:
    with (
        pytest.raises(WorkbenchError, match="i-1 is terminated"),
        Progress(quiet=True).phase("Server") as phase,
    ):
        ensure_running(Ec2("terminated"), "i-1", phase)
