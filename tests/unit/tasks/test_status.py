"""The status for scripts and for people."""

import io
import json
from typing import Any

import pytest
from botocore.exceptions import ClientError
from botocore.exceptions import EndpointConnectionError
from rich.console import Console

from workbench.rehearsal.description import Description
from workbench.remote.stack_state import StackState
from workbench.tasks.data import restore_note
from workbench.tasks.resize.note import NOTE
from workbench.tasks.resize.note import Note
from workbench.tasks.status.read import print_status
from workbench.tasks.status.read import read_status

OUTPUTS = {
    "url": "https://workbench.localhost/",
    "jupyter_url": "https://workbench.localhost/jupyter/",
    "rstudio_url": "https://workbench.localhost/rstudio/",
    "domain": "workbench.localhost",
    "address": "127.4.5.6",
    "instance_id": "i-0123456789abcdef0",
    "instance_type": "t3.medium",
    "users": ["test-user"],
}

USE = {
    "person": {},
    "missing": [],
    "reserve": True,
    "near": [{"user": "ana", "what": "tasks", "used": 2000, "limit": 2048}],
    "ended": [],
    "guard": "active",
}


def description(**changes: Any) -> Description:
    known: dict[str, Any] = {
        "name": "default",
        "pid": 1,
        "process_start": 1,
        "boot_id": "",
        "api_url": "http://127.0.0.1:1",
        "region": "us-east-1",
        "network_gateway": "172.30.0.1",
        "bridge": "br0",
        "acme_directory": "",
        "acme_root": "",
        "ca_certificate": "/state/ca.pem",
        "dns": "127.0.0.1:53",
        "packages_url": "",
    }
    return Description(**known | changes)


class Ec2:
    def __init__(self, state: str) -> None:
        self.state = state

    def describe_instances(self, **_: Any) -> dict[str, Any]:
        disks = [{"Ebs": {"VolumeId": f"vol-{number}"}} for number in (1, 2)]
        instance = {
            "State": {"Name": self.state},
            "InstanceType": "t3.large",
            "BlockDeviceMappings": disks,
        }
        return {"Reservations": [{"Instances": [instance]}]}

    def describe_volumes(self, VolumeIds: list[str]) -> dict[str, Any]:
        return {"Volumes": [{"VolumeId": each, "Size": 25} for each in VolumeIds]}


class State(StackState):
    """A stack whose AWS and server are the test's."""

    ec2_state = "running"
    shell: Any = None

    def aws(self, service: str) -> Any:
        return Ec2(self.ec2_state)

    @property
    def server(self) -> Any:  # type: ignore[override]
        return self.shell


def shell(scripted: Any, packages: dict[str, Any] | None = None) -> Any:
    services = [{"name": "jupyterhub", "version": "6.1.1", "unit": "jupyterhub", "sockets": ["/s"]}]
    listed = f"{json.dumps(services)}\n\njupyterhub.service loaded active running Hub\n"
    last = json.dumps({"event": "end", "result": "ok"})
    people = json.dumps([{"user": "ana", "kind": "kernel", "count": 2, "names": ["R", "python"]}])

    def answer(command: str) -> str | None:
        if "services.json" in command:
            return listed
        if "r.json" in command:
            return json.dumps([{"version": "4.6.1", "title": "R 4.6.1", "standin": False}])
        if "packages.json" in command:
            return f"{json.dumps(packages)}\n\nstart\n" if packages else "\n\n"
        if "share_use" in command:
            return json.dumps(USE)
        if "python3" in command:
            return people
        return last if "converged" in command else None

    return scripted(answer)


@pytest.fixture
def state(scripted: Any) -> State:
    moved = description(
        addresses={"127.4.5.6": {"22": 22, "80": 80, "443": 8443}},
        browser={"127.4.5.6": {"80": 80, "443": 443}},
    )
    made = State("rehearsal", OUTPUTS, {}, moved)
    made.shell = shell(scripted)
    return made


def test_a_running_workbench(state: State) -> None:
    found = read_status(state)
    assert found["state"] == "running"
    assert found["url"] == "https://workbench.localhost/"
    assert found["jupyter_url"] == "https://workbench.localhost/jupyter/"
    assert found["rstudio_url"] == "https://workbench.localhost/rstudio/"
    assert found["address"] == {"ip": "127.4.5.6", "ports": {"22": 22, "80": 80, "443": 8443}}
    assert found["ca_certificate"] == "/state/ca.pem"
    assert found["instance_id"] == "i-0123456789abcdef0"
    assert found["instance_type"] == "t3.large"
    assert found["limits"] == ["ana has 2000 of 2048 tasks"]
    assert found["services"] == [
        {"name": "jupyterhub", "version": "6.1.1", "state": "active"}
        | {"unit": "jupyterhub", "port": None, "sockets": ["/s"]}
    ]
    assert [each["title"] for each in found["r"]] == ["R 4.6.1"]
    assert found["people"] == [
        {"user": "ana", "kind": "kernel", "count": 2, "names": ["R", "python"]}
    ]
    assert found["problem"] is None
    json.dumps(found)


PACKAGES = {"state": "installing", "total": 40, "done": 12, "now": "base group r", "seconds": 9}
FAILED = [{"kind": "R", "name": "sf", "why": "its repository can't be reached " * 5}]


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ({"failed": []}, "for everyone: installing 12 of 40 (base group r)"),
        ({"failed": [], "state": "installed"}, "for everyone: installed (40)"),
        (
            {"failed": FAILED, "state": "failed"},
            "39 of 40 installed; failed: R sf: its repository can't be reached",
        ),
    ],
)
def test_how_far_the_packages_for_everyone_are_is_told(
    state: State, scripted: Any, told: dict[str, Any], said: str
) -> None:
    state.shell = shell(scripted, PACKAGES | told)
    found = read_status(state)
    out = io.StringIO()
    print_status(found, Console(file=out, width=80, highlight=False))

    assert said in " ".join(out.getvalue().split())
    assert max(len(line) for line in out.getvalue().splitlines()) <= 80
    again = "workbench converge --stack rehearsal" in out.getvalue()
    assert again == (told.get("state") == "failed")


def test_a_resize_that_has_not_ended_is_told(state: State) -> None:
    NOTE.write(state, Note("t3.large", "t3.medium", None))
    found = read_status(state)
    assert found["services"]
    assert found["problem"].endswith("\nworkbench resize t3.large --stack rehearsal")
    NOTE.remove(state)
    assert read_status(state)["problem"] is None


def test_a_restore_that_has_not_ended_is_told(state: State) -> None:
    restore_note.NOTE.write(state, restore_note.Note("snap-1", "vol-1", {}))
    found = read_status(state)
    assert found["problem"].startswith("A restore of snap-1 hasn't finished.")
    assert found["problem"].endswith("\nworkbench data.restore snap-1 --stack rehearsal")


def test_urls_carry_the_port_at_which_a_browser_finds_them(state: State) -> None:
    state.rehearsal = description(browser={"127.4.5.6": {"443": 8444}})
    found = read_status(state)
    assert found["url"] == "https://workbench.localhost:8444/"
    assert found["jupyter_url"] == "https://workbench.localhost:8444/jupyter/"


@pytest.mark.parametrize("kind", ["running", "stopped"])
def test_what_it_costs_is_told_without_asking_aws(state: State, kind: str) -> None:
    state.ec2_state, state.outputs = kind, {**OUTPUTS, "region": "us-east-1"}
    cost = read_status(state)["cost"]
    # 0.0832 an hour, 50 GiB at 0.08, an address at 0.005 an hour; a month has 730 hours.
    assert round(cost["running"], 2) == 68.39
    assert round(cost["stopped"], 2) == 7.65
    out = io.StringIO()
    print_status(read_status(state), Console(file=out, width=80, highlight=False))
    said = " ".join(out.getvalue().split())
    assert "Cost $68.39 a month, always running; $7.65 stopped (workbench's own table" in said
    assert "free in a rehearsal" in said


def test_a_stopped_instance_is_not_asked_for_its_services(state: State) -> None:
    state.ec2_state = "stopped"
    found = read_status(state)
    assert (found["state"], found["services"], state.shell.asked) == ("stopped", [], [])


@pytest.mark.parametrize(
    ("refused", "said"),
    [
        (EndpointConnectionError(endpoint_url="https://ec2"), "The AWS API doesn't answer"),
        (ClientError({"Error": {"Code": "RequestLimitExceeded"}}, "Describe"), "AWS refused"),
    ],
)
def test_what_aws_does_not_say_is_null_with_the_reason(
    state: State, monkeypatch: pytest.MonkeyPatch, refused: Exception, said: str
) -> None:
    def refuse(_: object, service: str) -> Any:
        raise refused

    monkeypatch.setattr(State, "aws", refuse)
    found = read_status(state)
    assert (found["state"], found["instance_type"], found["services"]) == (None, "t3.medium", [])
    assert found["problem"].startswith(said)
    out = io.StringIO()
    print_status(found, Console(file=out, width=80, highlight=False))
    assert "unknown" in out.getvalue()
    assert "workbench doctor --stack rehearsal" in out.getvalue()


def test_a_console_that_aws_does_not_show_is_told(
    state: State, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: State) -> Any:
        raise EndpointConnectionError(endpoint_url="https://ec2")

    monkeypatch.setattr(State, "server", property(refuse))
    found = read_status(state)
    assert (found["state"], found["services"]) == ("running", [])
    assert found["problem"].startswith("The AWS API doesn't answer")


def test_a_rehearsal_that_does_not_run_is_told(state: State) -> None:
    state.rehearsal = None
    found = read_status(state)
    assert found["state"] == "rehearsal-stopped"
    assert "workbench rehearsal.start" in found["problem"]


def test_no_stack() -> None:
    found = read_status(State("rehearsal", exists=False))
    assert (found["state"], found["url"], found["address"]) == ("absent", None, None)


@pytest.mark.parametrize("kind", ["running", "stopped", "absent"])
def test_the_table_fits_80_columns(state: State, kind: str) -> None:
    state.ec2_state = kind
    found = read_status(state if kind != "absent" else State("rehearsal"))
    out = io.StringIO()
    print_status(found, Console(file=out, width=80, highlight=False))
    assert out.getvalue().strip()
    assert max(len(line) for line in out.getvalue().splitlines()) <= 80
    assert kind in out.getvalue() or "no workbench" in out.getvalue()
