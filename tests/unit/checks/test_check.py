"""Checks run in order, and each ends with a result, evidence and a fix."""

import pytest

from workbench.checks.check import Check
from workbench.checks.check import Report
from workbench.checks.check import Result
from workbench.checks.check import failed
from workbench.checks.check import passed
from workbench.checks.check import run_checks
from workbench.checks.check import skipped
from workbench.checks.check import warned
from workbench.checks.table import CHECKS
from workbench.checks.target import Target
from workbench.errors import WorkbenchError

TARGET = Target("tests")


def run(*checks: Check) -> dict[str, tuple[str, str, str]]:
    return {r.name: (r.result, r.evidence, r.fix) for r in run_checks(checks, TARGET)}


def test_a_check_that_needs_a_failed_one_is_skipped_and_so_are_those_after_it() -> None:
    found = run(
        Check("a", lambda t: failed("a is off"), fix="fix a"),
        Check("b", lambda t: passed("b"), requires=("a",), fix="fix b"),
        Check("c", lambda t: passed("c"), requires=("b",), fix="fix c"),
        Check("d", lambda t: passed("d is on"), fix="fix d"),
    )
    assert found == {
        "a": ("FAIL", "a is off", "fix a"),
        "b": ("SKIP", "needs a", ""),
        "c": ("SKIP", "needs b", ""),
        "d": ("PASS", "d is on", ""),
    }


@pytest.mark.parametrize("outcome", [warned("soon"), skipped("there is none")])
def test_a_warning_or_a_check_that_does_not_apply_stands_in_nobodys_way(outcome: object) -> None:
    found = run(
        Check("a", lambda t: outcome),  # type: ignore[arg-type,return-value]
        Check("b", lambda t: passed("b"), requires=("a",)),
    )
    assert found["b"][0] == "PASS"


def test_a_known_error_in_a_check_is_its_evidence_and_its_hint_the_fix() -> None:
    def run_into_it(target: Target) -> None:
        raise WorkbenchError("The door is\n  locked.", "open it")

    found = run(Check("a", run_into_it, fix="other"))  # type: ignore[arg-type]
    assert found["a"] == ("FAIL", "The door is locked.", "open it")


def test_an_error_is_told_in_300_letters_at_most() -> None:
    def run_into_it(target: Target) -> None:
        raise WorkbenchError("x" * 301)

    assert run(Check("a", run_into_it))["a"][1] == "x" * 300  # type: ignore[arg-type]


def test_an_unknown_error_fails_its_check_and_the_others_still_run() -> None:
    def crash(target: Target) -> None:
        raise KeyError("x")

    found = run(Check("a", crash), Check("b", lambda t: passed("b")))  # type: ignore[arg-type]
    assert found["a"][:2] == ("FAIL", "KeyError: 'x'")
    assert found["b"][0] == "PASS"


def test_every_check_that_stands_in_the_way_is_named() -> None:
    found = run(
        Check("a", lambda t: failed("off")),
        Check("b", lambda t: skipped("can't be asked", blocks=True)),
        Check("c", lambda t: passed("c"), requires=("a", "b")),
    )
    assert found["c"] == ("SKIP", "needs a, b", "")


@pytest.mark.parametrize(
    ("before", "result"),
    [
        (Report("a", Result.FAIL, "off", ""), "SKIP"),
        (Report("a", Result.SKIP, "needs b", "", blocked=True), "SKIP"),
        (Report("a", Result.SKIP, "there is none", ""), "PASS"),
        (Report("a", Result.PASS, "on", ""), "PASS"),
    ],
)
def test_what_ran_before_counts(before: Report, result: str) -> None:
    check = Check("b", lambda t: passed("b"), requires=("a",), layer="disk")
    (found,) = run_checks([check], TARGET, after=[before])
    assert (found.result, found.layer, found.blocked) == (result, "disk", result == "SKIP")


def test_it_is_said_which_check_begins() -> None:
    begun: list[Check] = []
    checks = [Check("a", lambda t: failed("a")), Check("b", lambda t: passed("b"), ("a",))]
    list(run_checks(checks, TARGET, begin=begun.append))
    assert begun == checks


def test_a_check_of_a_service_that_is_turned_off_is_skipped() -> None:
    asked = Target("tests", {"services": ["jupyterhub"]})
    checks = [
        Check(name, lambda t: passed("on"), service=name) for name in ("jupyterhub", "rstudio")
    ]
    found = [(each.result, each.evidence) for each in run_checks(checks, asked)]
    assert found == [("PASS", "on"), ("SKIP", "this workbench has no rstudio")]


def test_what_does_not_apply_is_fixed_by_nothing_but_what_it_says_itself() -> None:
    found = run(
        Check("a", lambda t: skipped("there is none"), fix="fix a"),
        Check("b", lambda t: skipped("not from here", "go there"), ("a",), fix="fix b"),
    )
    assert found["a"][2] == ""
    assert found["b"][2] == "go there"


@pytest.mark.parametrize("outputs", [{}, {"region": ""}, {"region": None}])
def test_an_output_that_is_missing_is_named(outputs: dict[str, str | None]) -> None:
    (found,) = run_checks(
        [Check("a", lambda t: passed(t.output("region")))], Target("tests", outputs)
    )
    assert (found.evidence, found.fix) == (
        "The stack tests has no output 'region'.",
        "workbench up --stack tests",
    )


def test_evidence_is_one_line_whatever_a_server_says() -> None:
    found = run(Check("a", lambda t: passed("on\n\x1b[2Jpassword:\t")))
    assert found["a"][1] == r"on\n\u001b[2Jpassword:\t"


def test_without_a_workbench_it_is_said_how_to_make_one() -> None:
    for ask in (lambda t: t.server(), lambda t: t.aws("ec2"), lambda t: t.resolve("lab.example")):
        found = run(Check("a", ask))
        assert found["a"] == (
            "FAIL",
            "There is no workbench to reach.",
            "workbench up --stack tests",
        )


def test_a_fix_names_the_stack() -> None:
    found = run(Check("a", lambda t: failed("off"), fix="workbench up --stack {stack}"))
    assert found["a"][2] == "workbench up --stack tests"


def test_json_has_the_four_fields() -> None:
    report = next(iter(run_checks([Check("a", lambda t: passed("on"))], TARGET)))
    assert report.as_json() == {"name": "a", "result": "PASS", "evidence": "on", "fix": ""}


def test_the_table_is_sound() -> None:
    names = [check.name for check in CHECKS]
    assert len(set(names)) == len(names)
    for place, check in enumerate(CHECKS):
        assert set(check.requires) <= set(names[:place]), check.name
        assert check.run.__doc__


def test_without_a_stack_the_first_check_says_so_and_nothing_crashes() -> None:
    reports = list(run_checks(CHECKS, TARGET))
    assert reports[0].result is Result.FAIL
    assert {report.result for report in reports[1:]} == {Result.SKIP}
