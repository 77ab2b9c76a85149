"""What to enter where the domain is managed: told as soon as it is known, and at the end."""

import io
from typing import Any
from typing import cast

import pytest
from rich.console import Console

from workbench.checks.check import Report
from workbench.checks.check import Result
from workbench.progress import Progress
from workbench.rehearsal.description import Description
from workbench.remote.recipe_run import Run
from workbench.remote.stack_state import StackState
from workbench.tasks.up.bring_up import Outcome
from workbench.tasks.up.delegation import awaits_delegation
from workbench.tasks.up.delegation import say_delegation
from workbench.tasks.up.where_to_go import print_where_to_go

NAMES = ("lab.example.org", "www.lab.example.org")
ELSEWHERE = {
    "dns_records": [
        {"name": name, "type": "A", "value": "203.0.113.7", "ttl": 300} for name in NAMES
    ]
}
CREATED = {"dns_records": [], "name_servers": [f"ns-{n}.awsdns-{n}.co.uk" for n in range(4)]}


def reports(*failed: str) -> list[Report]:
    return [Report(name, Result.FAIL, "", "") for name in failed]


@pytest.mark.parametrize(
    ("outputs", "lines"),
    [
        (ELSEWHERE, ["DNS records", *(f"{name} A 203.0.113.7" for name in NAMES), "is managed"]),
        (CREATED, ["Name servers", *CREATED["name_servers"], "you bought"]),
    ],
)
def test_up_says_what_to_enter_at_once_and_at_its_end(
    outputs: dict[str, Any], lines: list[str]
) -> None:
    early, end = io.StringIO(), io.StringIO()
    state = StackState("prod", outputs)
    say_delegation(state, Progress(console=Console(file=early, width=80)))
    outcome = Outcome(state, "2 created", Run("ok"), {}, reports("dns", "certificate"))
    print_where_to_go(outcome, Console(file=end, width=80, highlight=False))

    for text in (early.getvalue(), end.getvalue()):
        assert [line for line in lines if line not in text] == []
        assert max(map(len, text.splitlines())) <= 80


def test_once_the_names_lead_to_it_the_end_has_nothing_to_enter() -> None:
    out = io.StringIO()
    outcome = Outcome(StackState("prod", ELSEWHERE), "", Run("ok"), {}, reports("services"))
    print_where_to_go(outcome, Console(file=out, width=80, highlight=False))
    assert "DNS records" not in out.getvalue()


@pytest.mark.parametrize(
    ("name", "result", "title"),
    [
        ("dns", Result.WARN, "Domain"),
        ("certificate", Result.WARN, "Certificate"),
        ("web-ports", Result.SKIP, "Pages"),
        ("dns", Result.SKIP, ""),
        ("clock", Result.WARN, ""),
    ],
)
def test_the_end_tells_what_is_not_as_it_should_be_although_nothing_failed(
    name: str, result: Result, title: str
) -> None:
    out = io.StringIO()
    report = Report(name, result, "what is so", "workbench up --stack prod")
    outcome = Outcome(StackState("prod", {}), "", Run("ok"), {}, [report])
    print_where_to_go(outcome, Console(file=out, width=80, highlight=False))
    lines = [line.split() for line in out.getvalue().splitlines()]
    assert ([title, "what", "is", "so"] in lines) is bool(title)
    assert (["workbench", "up", "--stack", "prod"] in lines) is bool(title)
    assert "is ready" in out.getvalue()


@pytest.mark.parametrize(
    "state",
    [
        StackState("prod", {"dns_records": [], "name_servers": []}),
        # Its names point to this computer by themselves, and its name servers are made up.
        StackState("rehearsal", CREATED, rehearsal=cast("Description", object())),
    ],
)
def test_a_zone_that_was_there_and_a_rehearsal_need_nothing_entered(state: StackState) -> None:
    out = io.StringIO()
    say_delegation(state, Progress(console=Console(file=out)))
    assert out.getvalue() == ""
    assert not awaits_delegation(state, reports("dns", "certificate"))


@pytest.mark.parametrize(
    ("outputs", "failed", "awaits"),
    [
        (ELSEWHERE, ["dns", "certificate"], True),
        (CREATED, ["dns", "certificate"], True),
        ({}, ["dns", "certificate"], False),
        # There was a certificate: the name led here before.
        (ELSEWHERE, ["dns"], False),
        (ELSEWHERE | {"entrance": "lab.elb.example"}, ["dns"], True),
        (ELSEWHERE | {"entrance": "lab.elb.example"}, ["dns", "certificate"], False),
        (ELSEWHERE, ["dns", "certificate", "services"], False),
        (ELSEWHERE, [], False),
    ],
)
def test_a_new_workbench_awaits_only_what_a_person_enters(
    outputs: dict[str, Any], failed: list[str], awaits: bool
) -> None:
    assert awaits_delegation(StackState("prod", outputs), reports(*failed)) is awaits
