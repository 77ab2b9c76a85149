"""A watched status is shown as it changes, until the person ends it."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from workbench.tasks.status import watch as status_watch

RUNNING: dict[str, Any] = {
    "workbench": None,
    "stack": "prod",
    "state": "running",
    "url": "https://lab.example.org/",
    "jupyter_url": None,
    "rstudio_url": None,
    "r": [],
    "address": None,
    "ca_certificate": None,
    "certificate": None,
    "instance_id": "i-1",
    "instance_type": "t3.medium",
    "cost": None,
    "users": [],
    "password_files": {},
    "services": [],
    "people": [],
    "converged": None,
    "limits": None,
    "packages": None,
    "problem": None,
}
STOPPED = RUNNING | {"state": "stopped", "people": None}


class Ended(Exception):
    """The person pressed Ctrl-C."""


class Reader:
    def __init__(self, *statuses: dict[str, Any]) -> None:
        self._statuses: Iterator[dict[str, Any]] = iter(statuses)

    def read(self) -> dict[str, Any]:
        try:
            return next(self._statuses)
        except StopIteration:
            raise Ended from None


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(status_watch, "INTERVAL", 0)


def watch(*statuses: dict[str, Any], as_json: bool) -> None:
    reader: Any = Reader(*statuses)
    with pytest.raises(Ended):
        status_watch.watch_status(reader, as_json=as_json)


def test_without_a_terminal_only_changes_are_printed(capsys: pytest.CaptureFixture[str]) -> None:
    watch(RUNNING, RUNNING, STOPPED, STOPPED, RUNNING, as_json=False)
    printed = capsys.readouterr().out
    states = [line.split()[1] for line in printed.splitlines() if "State" in line]
    assert states == ["running", "stopped", "running"]


def test_scripts_get_a_line_for_each_change(capsys: pytest.CaptureFixture[str]) -> None:
    watch(RUNNING, RUNNING, STOPPED, as_json=True)
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert lines == [RUNNING, STOPPED]


def test_on_a_terminal_it_is_drawn_with_its_time() -> None:
    drawn = status_watch.render(RUNNING, 80)
    assert "i-1 (t3.medium)" in drawn.plain
    assert "nobody" in drawn.plain
    assert "Ctrl-C ends" in drawn.plain
    assert all(len(line) <= 80 for line in drawn.plain.splitlines())


def test_a_reader_looks_anew_after_the_server_was_away(monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    statuses = iter([RUNNING, RUNNING, STOPPED, RUNNING])

    class State:
        def close(self) -> None:
            opened.append("closed")

    def read_stack(*_: Any) -> State:
        opened.append("opened")
        return State()

    monkeypatch.setattr(status_watch, "read_stack", read_stack)
    monkeypatch.setattr(status_watch, "read_status", lambda _: next(statuses))
    reader = status_watch.StatusReader("prod", quiet=True)
    assert [reader.read()["state"] for _ in range(4)] == [
        "running",
        "running",
        "stopped",
        "running",
    ]
    reader.close()
    assert opened == ["opened", "closed", "opened", "closed"]
