"""The progress lines that `workbench up` follows."""

import json
from pathlib import Path
from typing import Any

import pytest

from workbench.host.run import journal
from workbench.host.run.journal import Journal


@pytest.fixture
def progress(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "log" / "progress.jsonl"
    monkeypatch.setattr(journal, "PROGRESS", path)
    monkeypatch.setattr(journal, "LAST", tmp_path / "state" / "converged.json")
    return path


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def run(total: int = 2) -> Journal:
    return Journal("r1", 0.0, "aa", "bb", total)


def test_a_run_is_told_from_its_beginning_to_its_end(progress: Path) -> None:
    one = run()
    one.begin()
    for title, changed in (("Packages", True), ("R", False)):
        one.begin_step(title)
        one.end_step(changed=changed)
    one.end()
    told = lines(progress)
    assert [line["event"] for line in told] == ["begin", "begin", "step", "begin", "step", "end"]
    steps = [(x["step"], x["index"], x["result"]) for x in told if x["event"] == "step"]
    assert steps == [("Packages", 1, "changed"), ("R", 2, "unchanged")]
    assert (told[-1]["result"], told[-1]["changed"], told[-1]["unchanged"]) == ("ok", 1, 1)
    assert json.loads(journal.LAST.read_text()) == told[-1]
    assert progress.stat().st_mode & 0o777 == 0o644


def test_a_failed_step_is_told_with_its_last_lines(progress: Path) -> None:
    one = run()
    one.begin()
    one.begin_step("Packages")
    one.fail([f"line {number}" for number in range(100)])
    *_, step, end = lines(progress)
    assert (step["result"], step["log"][-1], len(step["log"])) == ("failed", "line 99", 40)
    assert (end["result"], end["failed_step"]) == ("failed", "Packages")


def test_the_next_process_goes_on_with_the_run(
    progress: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = run()
    one.begin()
    one.begin_step("Tools")
    one.end_step(changed=True)
    for name, value in one.hand_over().items():
        monkeypatch.setenv(name, value)
    two = journal.continue_journal("bb", 2)
    two.begin_step("Packages")
    two.end_step(changed=False)
    told = lines(progress)
    assert {line["run"] for line in told} == {"r1"}
    assert told[-1]["index"] == 2


def test_seconds_are_right_where_the_time_is_set_meanwhile(
    progress: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal.time, "time", lambda: 1e9)
    monkeypatch.setattr(journal.time, "monotonic", lambda: 50.0)
    one = journal.continue_journal("bb", 1)
    one.begin()
    for name, value in one.hand_over().items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(journal.time, "time", lambda: 1e9 - 3600)
    monkeypatch.setattr(journal.time, "monotonic", lambda: 57.5)
    journal.continue_journal("bb", 1).end()
    assert lines(progress)[-1]["seconds"] == 7.5


def test_an_old_file_makes_room(progress: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal, "LARGEST", 10)
    run().begin()
    run().begin()
    assert len(lines(progress)) == 1
    assert progress.with_suffix(".jsonl.1").exists()
