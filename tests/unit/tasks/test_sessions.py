"""Who is signed in is told in words; what would be lost keeps the server from being stopped."""

import json
from dataclasses import asdict
from types import SimpleNamespace
from typing import Any

import pytest

from workbench.checks.target import Answer
from workbench.errors import WorkbenchError
from workbench.progress import Progress
from workbench.remote import sessions_script
from workbench.remote.sessions import Activity
from workbench.remote.sessions import describe
from workbench.remote.sessions import known_work
from workbench.remote.sessions import read_activities
from workbench.tasks.changes.working_people import PeopleAtWorkError
from workbench.tasks.changes.working_people import see_people

KERNELS = Activity("ana", "kernel", 2, ("R", "python"))
SERVER = Activity("ana", "jupyter", 1)
LOGIN = Activity("bo", "ssh", 1)
QUIET = Progress(quiet=True)


def test_each_person_gets_a_line() -> None:
    assert describe([LOGIN, KERNELS, SERVER]) == [
        "ana: 2 Jupyter kernels (R, python), 1 Jupyter server",
        "bo: 1 SSH session",
    ]


def test_lines_fit_a_terminal_and_long_lists_are_cut() -> None:
    many = Activity("ana", "background", 5, tuple(f"program-number-{n}" for n in range(5)))
    lines = describe([many, KERNELS, SERVER])
    assert all(len(line) <= 74 for line in lines)
    assert "5 programs in the background (program-number-0" in lines[0]
    assert "number-3" not in " ".join(lines)


def test_the_servers_answer_is_read(scripted: Any) -> None:
    rows = [{"user": "ana", "kind": "kernel", "count": 2, "names": ["R", "python"]}]
    server = scripted(lambda c: json.dumps(rows) if c.startswith("sudo -n ") else None)
    assert read_activities(server) == [KERNELS]


def test_a_server_that_does_not_say_is_an_error(scripted: Any) -> None:
    with pytest.raises(WorkbenchError, match="who is signed in: sudo: a password") as told:
        read_activities(scripted(lambda _: Answer(1, "", "sudo: a password is required")))
    assert told.value.hint == "workbench doctor --stack prod"


def people(server: Any) -> Any:
    state: Any = SimpleNamespace(server=server)
    return see_people(state, QUIET)


def answering(scripted: Any, *activities: Activity) -> Any:
    return scripted(lambda _: json.dumps([each.as_json() for each in activities]))


def test_work_keeps_the_server_from_being_stopped(scripted: Any) -> None:
    seen = people(answering(scripted, KERNELS, SERVER))
    with pytest.raises(PeopleAtWorkError, match="2 Jupyter kernels") as refused:
        seen.refuse_stop("workbench stop --force", force=False)
    assert refused.value.hint == "workbench stop --force"
    # An idle server comes back as it was.
    assert "Jupyter server" not in refused.value.message
    seen.refuse_stop("workbench stop --force", force=True)


def test_an_idle_jupyter_server_is_shown_and_does_not(scripted: Any) -> None:
    seen = people(answering(scripted, SERVER))
    assert seen.lines == ["These end:", "  ana: 1 Jupyter server"]
    seen.refuse_stop("workbench stop --force", force=False)


def test_with_nobody_signed_in_it_may_be_stopped(scripted: Any) -> None:
    seen = people(answering(scripted))
    assert seen.lines == ["Nobody is signed in, and none of their programs are running."]
    seen.refuse_stop("workbench stop --force", force=False)


def test_what_cannot_be_seen_may_be_work(scripted: Any) -> None:
    seen = people(scripted(lambda _: Answer(1, "", "no")))
    with pytest.raises(PeopleAtWorkError, match="Can't tell whether"):
        seen.refuse_stop("workbench stop --force", force=False)
    seen.refuse_stop("workbench stop --force", force=True)


def process(name: str, *, unit: str = "", line: str = "", pid: int = 1, parent: int = 0) -> Any:
    return SimpleNamespace(name=name, unit=unit, line=line or name, pid=pid, parent=parent)


UNIT = "jupyter-ana-singleuser.service"


@pytest.mark.parametrize(
    ("given", "kind"),
    [
        (
            process("python3", unit=UNIT, line="-m ipykernel -f x"),
            ("kernel", "python"),
        ),
        (
            process(
                "R",
                unit=UNIT,
                line="R --slave -e IRkernel::main() "
                "--args /h/kernel-0b1c2d3e-0000-4000-8000-1234567890ab.json",
            ),
            ("kernel", "R"),
        ),
        (
            process("bash", unit=UNIT, parent=10),
            ("terminal", "bash"),
        ),
        # What runs in a terminal or kernel is part of that.
        (process("git", unit=UNIT, parent=77), ("", "")),
        (process("rsession", unit="rstudio-server.service"), ("rstudio", "")),
        (process("bash", unit="session-3.scope"), ("", "")),
        (process("python3", unit="session-9.scope"), ("background", "python3")),
        (process("train.py", unit="user@1001.service"), ("background", "train.py")),
        (process("(sd-pam)", unit="init.scope"), ("", "")),
    ],
)
def test_a_process_is_what_its_unit_and_name_say(given: Any, kind: tuple[str, str]) -> None:
    rules = [asdict(each) for each in known_work()]
    leader = process("python3", unit=UNIT, line="-m jupyterhub-singleuser", pid=10)
    led = sessions_script.leaders([leader, given], rules)

    assert led == {"jupyter": {UNIT: 10}}
    assert sessions_script.kind_of(leader, rules, led, set()) == ("jupyter", "")
    assert sessions_script.kind_of(given, rules, led, {"session-3.scope"}) == kind


def test_the_innermost_unit_counts(tmp_path: Any) -> None:
    cgroup = tmp_path / "cgroup"
    cgroup.write_text("0::/user.slice/user-1000.slice/user@1000.service/init.scope\n")
    assert sessions_script.unit_of(tmp_path) == "init.scope"
    cgroup.write_text("1:cpu:/\n9:name=systemd:/user.slice/user-1000.slice/session-7.scope\n0::/\n")
    assert sessions_script.unit_of(tmp_path) == "session-7.scope"
    cgroup.write_text("0::/\n")
    assert sessions_script.unit_of(tmp_path) == ""
