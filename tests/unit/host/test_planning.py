"""Operations that are only asked see what those before them would have done."""

import os
from pathlib import Path

import pytest

from workbench.host.run import operations
from workbench.host.run.planning import Planning
from workbench.host.web import health


@pytest.fixture
def planning(monkeypatch: pytest.MonkeyPatch) -> Planning:
    made = Planning()
    for module in (operations, health):
        monkeypatch.setattr(module, "planning", made)
    return made


def has(monkeypatch: pytest.MonkeyPatch, **changed: str) -> None:
    state = {
        "ActiveState": "active",
        "UnitFileState": "enabled",
        "NeedDaemonReload": "no",
        "LoadState": "loaded",
        "StateChangeTimestamp": "Sat 2026-11-21 12:52:37.000000 UTC",
        "StateChangeTimestampMonotonic": "7000000",
    }
    monkeypatch.setattr(operations, "unit_properties", lambda unit: state | changed)


def ask(files: list[Path], reload_files: list[Path] | None = None) -> list[str]:
    asked = operations.unit._inner(  # type: ignore[attr-defined]
        "a.service", files=files, reload_files=reload_files or []
    )
    return list(asked)


def test_a_service_is_restarted_for_a_file_that_would_be_written(
    planning: Planning, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    has(monkeypatch)
    assert ask([tmp_path / "new.conf"]) == []

    planning.begin()
    planning.note_file(tmp_path / "new.conf")

    assert ask([tmp_path / "new.conf"]) == ["systemctl restart a.service"]


def test_a_service_is_reloaded_where_that_is_enough(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    old, new = tmp_path / "old.conf", tmp_path / "new.conf"
    for file in (old, new):
        file.touch()
    os.utime(old, (0, 0))
    has(monkeypatch, StateChangeTimestamp="Sat 2020-11-21 12:52:37.000000 UTC")

    assert ask([old], [old]) == []
    assert ask([old], [new]) == ["systemctl reload-or-restart a.service"]
    assert ask([new], [new]) == ["systemctl restart a.service"]


def test_a_real_converge_remembers_nothing(planning: Planning, tmp_path: Path) -> None:
    planning.note_file(tmp_path / "new.conf")
    planning.note_start("a.service")

    assert not planning.would_write(tmp_path / "new.conf")
    assert not planning.would_start("a.service")


def test_a_masked_service_is_unmasked_before_it_is_started(
    planning: Planning, monkeypatch: pytest.MonkeyPatch
) -> None:
    has(monkeypatch, LoadState="masked", UnitFileState="masked", ActiveState="inactive")

    unmask, enable, start = ask([])

    assert unmask.startswith("systemctl unmask a.service")
    assert enable == "systemctl enable a.service"
    assert start.endswith("systemctl start a.service")


def test_a_plan_does_not_wait_for_a_service_that_would_be_started(
    planning: Planning, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "is_answering", lambda *_: pytest.fail("it was asked"))
    planning.begin()
    planning.note_start("a.service")

    assert list(health.answers._inner(1, "/", "a.service")) == []  # type: ignore[attr-defined]
