"""A stopped server is started; one that is gone is told."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from workbench.errors import WorkbenchError
from workbench.progress import Progress
from workbench.remote.power import NoCapacityError
from workbench.remote.power import PowerWatch


class Ec2:
    def __init__(self, state: str, *, refuses: str = "") -> None:
        self.state, self.refuses = state, refuses
        self.done: list[str] = []

    def describe_instances(self, **_: Any) -> Any:
        instance = {"State": {"Name": self.state}, "InstanceType": "t3.medium"}
        return {"Reservations": [{"Instances": [instance]}]}

    def start_instances(self, InstanceIds: list[str]) -> None:
        if self.refuses:
            raise ClientError({"Error": {"Code": self.refuses, "Message": "No."}}, "StartInstances")
        self.done.append(f"start {InstanceIds[0]}")

    def stop_instances(self, InstanceIds: list[str]) -> None:
        self.done.append(f"stop {InstanceIds[0]}")

    def get_console_output(self, **_: Any) -> dict[str, str]:
        return {"Output": "Linux\npanic: no root\n"}

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
        PowerWatch(ec2, "i-1", "prod").ensure_running(phase)
    assert ec2.done == done


@pytest.mark.parametrize(
    ("state", "done"),
    [
        ("running", ["stop i-1", "instance_stopped"]),
        ("pending", ["instance_running", "stop i-1", "instance_stopped"]),
        ("stopped", []),
    ],
)
def test_it_is_stopped_at_the_end(state: str, done: list[str]) -> None:
    ec2 = Ec2(state)
    with Progress(quiet=True).phase("Stop") as phase:
        PowerWatch(ec2, "i-1", "prod").ensure_stopped(phase)
    assert ec2.done == done


def test_a_type_without_capacity_is_told_and_other_refusals_are_not_taken_for_it() -> None:
    full = PowerWatch(Ec2("stopped", refuses="InsufficientInstanceCapacity"), "i-1", "prod")
    forbidden = PowerWatch(Ec2("stopped", refuses="UnauthorizedOperation"), "i-1", "prod")
    with Progress(quiet=True).phase("Start") as phase:
        with pytest.raises(NoCapacityError, match=r"no capacity for t3\.medium") as told:
            full.ensure_running(phase)
        with pytest.raises(ClientError):
            forbidden.ensure_running(phase)
    assert told.value.hint.endswith("workbench resize TYPE --stack prod")


def test_a_terminated_instance_is_told() -> None:
    with (
        pytest.raises(WorkbenchError, match="i-1 is terminated"),
        Progress(quiet=True).phase("Server") as phase,
    ):
        PowerWatch(Ec2("terminated"), "i-1", "prod").ensure_running(phase)


def test_one_that_stops_while_it_boots_is_told_with_its_last_words() -> None:
    watch = PowerWatch(Ec2("stopped"), "i-1", "prod")
    with pytest.raises(
        WorkbenchError, match=r"it stopped while booting\.\n    Linux\n    panic: no root"
    ):
        watch.check()


def test_one_that_runs_may_be_waited_for() -> None:
    watch = PowerWatch(Ec2("running"), "i-1", "prod")
    watch.check()
    watch.check()


def test_an_instance_that_is_being_terminated_can_be_waited_for() -> None:
    ec2 = Ec2("shutting-down")
    watch = PowerWatch(ec2, "i-1", "prod")
    assert watch.is_ending
    with Progress(quiet=True).phase("End") as phase:
        watch.await_end(phase)
    assert ec2.done == ["instance_terminated"]
    assert not PowerWatch(Ec2("running"), "i-1", "prod").is_ending
