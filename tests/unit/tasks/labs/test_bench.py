"""Which labs, which step, and whose stack it is."""

import json

import pytest

from workbench.checks.check import Report
from workbench.checks.check import Result
from workbench.engine.environment import backend_dir
from workbench.errors import ConfigError
from workbench.errors import WorkbenchError
from workbench.labs.lab_file import Step
from workbench.labs.lab_file import read_labs
from workbench.labs.records import Record
from workbench.tasks.labs.bench import LABS
from workbench.tasks.labs.bench import LabBench
from workbench.tasks.labs.bench import open_bench
from workbench.tasks.labs.bench import refuse_others
from workbench.tasks.labs.bench import select_labs
from workbench.tasks.labs.checked import StepReport
from workbench.tasks.labs.checked import needed
from workbench.tasks.labs.folder import prepare
from workbench.tasks.labs.showing import list_rows
from workbench.tasks.program import make_program


@pytest.fixture(autouse=True)
def own_state(tmp_path, monkeypatch):
    monkeypatch.setenv("WORKBENCH_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.delenv("WORKBENCH_STACK", raising=False)


@pytest.fixture
def bench(tmp_path):
    return LabBench("rehearsal-labs", Record(tmp_path / "labs.json"), read_labs(LABS))


def put_state(rehearsal: str, project: str, resources: list[dict[str, object]]) -> None:
    name = "rehearsal" if rehearsal == "default" else f"rehearsal-{rehearsal}"
    path = backend_dir(rehearsal) / ".pulumi" / "stacks" / project / f"{name}.json"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps({"checkpoint": {"latest": {"resources": resources}}}))


SERVER = {
    "type": "aws:ec2/instance:Instance",
    "urn": "urn:pulumi:s::p::aws:ec2/instance:Instance::one",
    "custom": True,
}


def test_labs_have_a_rehearsal_of_their_own_unless_a_stack_is_named(monkeypatch):
    assert select_labs(None) == "rehearsal-labs"
    monkeypatch.setenv("WORKBENCH_STACK", "rehearsal-mine")
    assert select_labs(None) == "rehearsal-mine"
    assert select_labs("aws-labs") == "aws-labs"


def test_a_persons_own_workbench_is_left_alone():
    put_state("default", "workbench", [SERVER])

    with pytest.raises(WorkbenchError, match="has a workbench of its own, which labs don't touch"):
        open_bench("rehearsal")


def test_a_stack_of_the_labs_or_an_empty_one_is_the_labs():
    put_state("one", "do4ds-lab", [SERVER])
    put_state("two", "workbench", [])

    refuse_others("rehearsal-one")
    refuse_others("rehearsal-two")
    refuse_others("rehearsal-three")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["labs.check"], "No lab has been started yet."),
        (["labs.hint"], "No lab has been started yet."),
        (["labs.check", "7"], "There is no lab '7'; there are: 1, 2, "),
        (["labs.start"], "More arguments are needed: workbench labs.start LAB"),
    ],
)
def test_bad_input_ends_with_a_sentence(words, sentence, capsys):
    with pytest.raises(SystemExit) as end:
        make_program().run(["workbench", *words])

    assert end.value.code != 0
    assert sentence in capsys.readouterr().err


def test_a_word_that_names_no_step_is_told_the_steps(bench):
    bench.record.current = 1

    with pytest.raises(ConfigError, match=r"this lab's are: key, group, launch, restart"):
        bench.step("keys")


def test_without_a_word_it_is_the_first_step_that_isnt_done(bench):
    bench.record.current = 1
    bench.record.step("key").done = "2026-11-30T08:00:00+00:00"

    assert bench.step("")[1].name == "group"


def test_hints_come_one_at_a_time_and_are_counted(capsys):
    for count in (1, 2, 3, 3):
        make_program().run(["workbench", "labs.hint", "group"], exit=False)
        shown = capsys.readouterr().out.splitlines()
        assert len(shown) == 1 + count + 1
    assert "labs.solve group" in shown[-1]


def test_the_list_counts_what_is_done_and_with_help(bench):
    bench.record.current = 1
    bench.record.step("key").done = "2026-11-30T08:00:00+00:00"
    bench.record.step("key").helped = True

    row = list_rows(bench)[0]
    assert (row["steps"], row["done"], row["helped"], row["current"]) == (4, 1, 1, True)


def step(*checks: str) -> Step:
    return Step("one", "One", checks, ("a", "b", "c"), "true")


def test_a_check_brings_those_that_must_be_true_before():
    names = [check.name for check in needed([step("lab-sudo")])]

    assert names == ["lab-instance", "lab-ssh-port", "lab-login", "lab-user", "lab-sudo"]


@pytest.mark.parametrize(
    ("results", "result"),
    [
        (["PASS", "PASS"], "PASS"),
        (["PASS", "FAIL"], "FAIL"),
        (["PASS", "SKIP"], "SKIP"),
        (["WARN", "SKIP"], "WARN"),
    ],
)
def test_a_step_is_done_when_each_of_its_checks_passes(results, result):
    reports = tuple(Report(f"c{n}", Result(each), "", "") for n, each in enumerate(results))

    assert StepReport(step(), reports).result == result


def test_a_folder_with_another_project_is_left_alone(bench, tmp_path):
    bench.record.folder = str(tmp_path)
    (tmp_path / "Pulumi.yaml").write_text("name: mine\nruntime: python\n")

    with pytest.raises(WorkbenchError, match="has a Pulumi project of another name"):
        prepare(bench, bench.labs[0], None)
    assert [path.name for path in tmp_path.iterdir() if path.name != "state"] == ["Pulumi.yaml"]
