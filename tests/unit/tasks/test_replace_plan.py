"""What a person is asked to agree to before a server is replaced."""

from types import SimpleNamespace
from typing import Any

import pytest

from workbench.configured import Configured
from workbench.progress import Progress
from workbench.remote.instance_types import UnfitTypeError
from workbench.remote.stack_state import StackState
from workbench.tasks.changes.working_people import People
from workbench.tasks.resize import replace_plan
from workbench.tasks.resize.replace_plan import look_ahead
from workbench.tasks.resize.replacement import Stage
from workbench.tasks.resize.replacement import read_replacement

OUTPUTS = {
    "instance_id": "i-0123456789abcdef0",
    "instance_type": "t3.medium",
    "region": "us-east-1",
    "zone": "us-east-1a",
}


class State(StackState):
    """A stack on AWS, which offers every type in one zone."""

    def aws(self, service: str) -> Any:
        return SimpleNamespace(
            describe_instances=lambda **_: {
                "Reservations": [{"Instances": [{"State": {"Name": "running"}}]}]
            },
            describe_instance_types=lambda InstanceTypes: {
                "InstanceTypes": [
                    {"InstanceType": InstanceTypes[0], "MemoryInfo": {"SizeInMiB": 8192}}
                ]
            },
            describe_instance_type_offerings=lambda **_: {
                "InstanceTypeOfferings": [{"Location": "us-east-1a"}]
            },
        )


@pytest.fixture
def plan(monkeypatch: pytest.MonkeyPatch):
    asked: list[str] = []

    def check_quota(state: StackState, but: str, wanted: Any) -> str:
        asked.append(but)
        return "vCPU quota: fits."

    monkeypatch.setattr(replace_plan, "check_quota", check_quota)
    monkeypatch.setattr(replace_plan, "see_people", lambda *_: People(problem="it's away"))

    def lines(target: str, outputs: dict[str, str] | None = None, **config: str) -> list[str]:
        keys = {f"workbench:{key}": value for key, value in config.items()}
        state = State("test", OUTPUTS | (outputs or {}), keys)
        left = read_replacement(Configured(keys), "t3.medium").stages(target, "test")
        told, _ = look_ahead(state, target, left, Progress(quiet=True))
        assert all(len(line) <= 80 for line in told)
        return told

    lines.asked = asked  # type: ignore[attr-defined]
    return lines


def test_names_both_servers_their_prices_and_every_stage(plan):
    told = plan("t3.large")

    assert told[0] == "Replace i-0123456789abcdef0, a t3.medium, by a new t3.large."
    assert told[1].endswith("t3.medium $30.37, t3.large $60.74")
    assert [line[0] for line in told if line[0].isdigit()] == ["1", "2", "3", "4"]
    assert "Can't tell who is signed in: it's away" in told


def test_the_quota_has_to_hold_both_servers(plan):
    assert "vCPU quota: fits." in plan("t3.large")
    assert plan.asked == [""]


def test_a_type_without_memory_for_everyone_is_told(plan):
    # An output is whatever Pulumi kept.
    people = {"users": [f"person{number}" for number in range(40)]}
    told = " ".join(plan("t3.large", people))
    assert "40 people have accounts, and a t3.large (8 GiB) has memory for about 29" in told
    assert "have accounts" not in " ".join(plan("t3.large"))


def test_a_type_that_the_zone_has_not_is_refused_before_anything_is_made(plan):
    with pytest.raises(UnfitTypeError, match="in us-east-1b"):
        plan("t3.large", {"zone": "us-east-1b"})


def test_says_that_it_goes_on(plan):
    told = plan("t3.large", nextInstanceType="t3.large")

    assert told[0] == "Continue a replacement:"
    assert told[1].endswith("0, a t3.medium, serves; alongside it is a t3.large")
    assert not plan.asked


def test_taking_the_other_server_away_ends_nobodys_work(plan):
    told = plan("t3.medium", nextInstanceType="t3.large")

    assert f"1. {replace_plan._DOES[Stage.END]}" in told
    assert not any("signed in" in line for line in told)


@pytest.mark.parametrize(("power", "asked"), [("running", True), ("stopped", False)])
def test_before_the_switch_a_server_that_runs_is_asked_again(
    monkeypatch: pytest.MonkeyPatch, power: str, asked: bool
) -> None:
    state = StackState("lab", {"instance_id": "i-1", "region": "eu-west-1"})
    monkeypatch.setattr(StackState, "aws", lambda *_: None)
    monkeypatch.setattr(replace_plan, "read_stack", lambda *_: state)
    monkeypatch.setattr(replace_plan, "PowerWatch", lambda *_: SimpleNamespace(state=power))
    monkeypatch.setattr(replace_plan, "see_people", lambda *_: People(problem="no answer"))
    assert bool(replace_plan.see_people_now("lab", Progress(quiet=True)).problem) is asked
