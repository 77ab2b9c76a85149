"""Commands in hints are printed as they can be typed."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from workbench.tasks import command_name


@pytest.fixture(autouse=True)
def afresh() -> Iterator[None]:
    command_name.command_name.cache_clear()
    yield
    command_name.command_name.cache_clear()


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    program = tmp_path / ".venv" / "bin" / "workbench"
    program.parent.mkdir(parents=True)
    program.touch(mode=0o755)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", [str(program), "up"])
    return program


def test_a_program_that_is_not_on_path_is_named_by_its_path(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    said = "It failed in a workbench here.\n  workbench doctor\n→ workbench up"
    assert command_name.as_typed(said) == (
        "It failed in a workbench here.\n  .venv/bin/workbench doctor\n→ .venv/bin/workbench up"
    )
    assert command_name.as_typed('eval "$(workbench env)"') == 'eval "$(.venv/bin/workbench env)"'


def test_a_program_on_path_is_just_its_name(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(checkout.parent))
    assert command_name.as_typed("  workbench doctor") == "  workbench doctor"
