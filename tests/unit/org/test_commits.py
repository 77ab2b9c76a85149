"""Which commit is deployed where: what isn't sure is not promoted, and each refusal says why."""

import json
import subprocess
from contextlib import nullcontext

import pytest
from pipeline_program import PIPELINE
from pipeline_program import REPORT

FIRST, SECOND = "1" * 40, "2" * 40


@pytest.fixture
def stacks(monkeypatch):
    """Give what the stacks run and passed, to be changed; and what is deployed, as it happens."""
    told = {"passed": {"dev": SECOND, "test": FIRST}, "updates": {"dev": [update(SECOND)]}}
    deployed = []

    def ask(*command):
        stack = command[-1]
        if "history" in command:
            return json.dumps(told["updates"].get(stack, []))
        passed = told["passed"].get(stack)
        return json.dumps({"pipeline:passed": passed} if passed else {})

    monkeypatch.setattr(PIPELINE, "ask", ask)
    monkeypatch.setattr(PIPELINE, "git", lambda *_: "")
    monkeypatch.setattr(PIPELINE, "head", lambda: FIRST)
    monkeypatch.setattr(PIPELINE, "name_of", lambda commit: commit[:1] or "no commit")
    monkeypatch.setattr(PIPELINE, "bring", lambda *given: deployed.append(given))
    return told, deployed


def update(head, kind="update", dirty="false", result="succeeded"):
    noted = {"git.head": head, "git.dirty": dirty}
    return {"kind": kind, "result": result, "environment": noted}


def refused(*words) -> str:
    with pytest.raises(SystemExit) as ended:
        PIPELINE.main(words)
    return str(ended.value)


def test_what_the_one_runs_is_deployed_to_the_other(stacks) -> None:
    told, deployed = stacks
    # A refresh isn't a deployment, whoever ran it.
    told["updates"]["dev"].insert(0, update(FIRST, kind="refresh"))
    PIPELINE.main(["promote", "dev", "test"])
    assert deployed == [("test", SECOND, None)]


def test_a_commit_that_has_not_passed_is_not_promoted(stacks) -> None:
    told, deployed = stacks
    told["updates"]["dev"].insert(0, update(FIRST))
    said = refused("promote", "dev", "test")
    assert "dev runs 1, and the last to pass its checks was 2: nothing is promoted." in said
    assert said.endswith("python pipeline rollback dev")
    assert deployed == []


def test_what_somebody_deployed_from_changed_files_is_not_promoted(stacks) -> None:
    told, deployed = stacks
    told["updates"]["dev"].insert(0, update(SECOND, dirty="true"))
    assert "dev runs no commit" in refused("promote", "dev", "test")
    assert deployed == []


def test_what_failed_half_way_is_not_promoted(stacks) -> None:
    told, deployed = stacks
    # The commit that passed, deployed again by a rollback.
    told["updates"]["dev"].insert(0, update(SECOND, result="failed"))
    assert "dev runs no commit" in refused("promote", "dev", "test")
    assert deployed == []


def test_another_commit_than_the_plans_is_not_promoted(stacks) -> None:
    assert "The plan is of 1, and dev runs 2 by now" in refused(
        "promote", "dev", "test", "--plan", "a"
    )
    assert stacks[1] == []


def test_a_stack_goes_back_to_what_passed(stacks) -> None:
    PIPELINE.main(["rollback", "test"])
    assert stacks[1] == [("test", FIRST, None)]


@pytest.mark.parametrize("words", [("rollback", "prod"), ("promote", "prod", "dev")])
def test_there_is_nothing_to_go_back_to_where_nothing_passed(stacks, words) -> None:
    assert refused(*words).startswith("No commit has passed on prod yet.")


def test_a_stack_that_was_never_deployed_has_no_drift(stacks) -> None:
    assert refused("drift", "prod").startswith("Nothing has been deployed to prod yet.")


def test_what_is_not_committed_is_not_deployed(stacks, monkeypatch) -> None:
    monkeypatch.setattr(PIPELINE, "git", lambda *_: " M workbench/Pulumi.dev.yaml")
    assert "only commits are deployed" in refused("deploy", "dev")


@pytest.fixture
def looked(monkeypatch):
    """Give what a preview finds, to be changed; and the commands that are run then."""
    told = {"failed": False, "unsaved": []}
    ran = []
    report = REPORT.Report.of([{"preludeEvent": {"config": {"aws:region": "us-east-1"}}}])
    monkeypatch.setattr(PIPELINE, "git", lambda *_: "")
    monkeypatch.setattr(PIPELINE, "head", lambda: FIRST)
    monkeypatch.setattr(PIPELINE, "name_of", lambda commit: commit[:1])
    monkeypatch.setattr(PIPELINE, "checkout", lambda _: nullcontext(None))
    monkeypatch.setattr(PIPELINE, "install", lambda _: None)
    monkeypatch.setattr(PIPELINE, "look", lambda *_: (report, told["failed"]))
    monkeypatch.setattr(PIPELINE, "unsaved_volumes", lambda *_: iter(told["unsaved"]))
    monkeypatch.setattr(PIPELINE, "run", lambda _, *command: ran.append(command[:2]))
    return told, ran


@pytest.mark.parametrize("command", ["preview", "deploy"])
def test_what_takes_data_away_that_no_snapshot_has_is_refused(looked, command, capsys) -> None:
    told, ran = looked
    told["unsaved"] = ["The data volume a (vol-1) has none."]
    said = refused(command, "dev")
    assert said == (
        "The data volume a (vol-1) has none. Nothing was changed."
        "\n  workbench data.backup --stack dev   then run this again"
    )
    assert "- The data volume a (vol-1) has none." in capsys.readouterr().out
    assert ran == []


@pytest.mark.parametrize("command", ["preview", "deploy"])
def test_what_the_preview_refuses_is_not_deployed(looked, command) -> None:
    looked[0]["failed"] = True
    assert refused(command, "dev") == "The preview of dev failed; nothing was changed."
    assert looked[1] == []


def test_what_the_preview_lets_through_is_deployed(looked) -> None:
    PIPELINE.main(["deploy", "dev"])
    assert looked[1][:2] == [("pulumi", "up"), ("workbench", "up")]


def test_a_program_that_fails_is_named_without_a_traceback(monkeypatch) -> None:
    def fail(*_):
        raise subprocess.CalledProcessError(1, ["pulumi", "stack", "history", "--json"])

    monkeypatch.setattr(PIPELINE, "ask", fail)
    assert refused("drift", "dev") == "`pulumi stack history …` failed."
