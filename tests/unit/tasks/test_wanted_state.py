"""Whether a stack has the recipe and the settings of now, without asking Pulumi."""

import hashlib
from collections.abc import Mapping
from pathlib import Path

import pytest

from workbench.errors import ConfigError
from workbench.remote.stack_state import StackState
from workbench.tasks.converge import wanted_state
from workbench.tasks.converge.wanted_state import read_wanted

CONFIG = {
    "workbench:publicKey": "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIE1hbnkgYnl0ZXMgb2Ygbm9ib2R5cyBr me"
}
OUTPUTS = {"region": "us-east-1", "data_volume_id": "vol-1"}


@pytest.fixture
def makings(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Count how often settings were made again."""
    made, make = [], wanted_state._make_settings

    def count(state: StackState, recipe: str) -> str | None:
        made.append(recipe)
        return make(state, recipe)

    monkeypatch.setattr(wanted_state, "_make_settings", count)
    return made


def state(config: Mapping[str, str] = CONFIG) -> StackState:
    return StackState("prod", OUTPUTS, config)


def test_a_stack_that_has_these_is_known_by_its_outputs() -> None:
    wanted = read_wanted(state())
    assert wanted.settings is not None
    digest = hashlib.sha256(wanted.settings.encode()).hexdigest()
    has = OUTPUTS | {"recipe_sha256": wanted.recipe.sha256, "settings_sha256": digest}

    assert wanted.is_in(StackState("prod", has, CONFIG))
    assert not wanted.is_in(StackState("prod", has | {"recipe_sha256": "older"}, CONFIG))
    changed = StackState("prod", has, CONFIG | {"workbench:domain": "lab.example.org"})
    assert not read_wanted(changed).is_in(changed)


def test_settings_are_made_once_for_one_configuration(makings: list[str]) -> None:
    first, again = read_wanted(state()), read_wanted(state())

    assert first.settings == again.settings
    assert len(makings) == 1
    assert '"lab.example.org"' in str(
        read_wanted(state(CONFIG | {"workbench:domain": "lab.example.org"})).settings
    )


def test_settings_are_made_anew_when_the_code_that_makes_them_changed(
    makings: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "settings.py").write_text("one")
    monkeypatch.setattr(wanted_state, "COMPONENTS", tmp_path)
    read_wanted(state())
    (tmp_path / "settings.py").write_text("another")

    read_wanted(state())

    assert len(makings) == 2


def test_a_damaged_memory_is_made_anew(makings: list[str]) -> None:
    first = read_wanted(state())
    (state().folder / wanted_state.REMEMBERED).write_text("{")

    assert read_wanted(state()).settings == first.settings
    assert len(makings) == 2


def test_a_program_that_sets_arguments_itself_is_for_pulumi_to_ask() -> None:
    unread = state({"research:publicKey": "none of ours"})

    assert read_wanted(unread).settings is None
    assert not read_wanted(unread).is_in(unread)


def test_a_program_that_names_its_services_itself_told_them_with_its_outputs() -> None:
    told = StackState("prod", OUTPUTS | {"services": ["jupyterhub", "hello"]}, CONFIG)
    with pytest.raises(ConfigError, match="There is no service 'hello'"):
        read_wanted(told)


def test_a_service_that_isnt_installed_is_named_before_anything_is_asked() -> None:
    with pytest.raises(ConfigError, match="workbench:services: There is no service 'hello'"):
        read_wanted(state(CONFIG | {"workbench:services": "jupyterhub,hello"}))
