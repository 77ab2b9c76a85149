"""Nobody gets the uid that another person has or had."""

import json
from pathlib import Path
from typing import Any
from unittest.mock import MagicMock
from unittest.mock import Mock

import pytest

from workbench.host import places
from workbench.host.people import register


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Return a folder for homes, on a server without accounts of people."""
    monkeypatch.setattr(register, "_ids_here", lambda: [register.FIRST_ID])
    monkeypatch.setattr(places, "HOMES", tmp_path)
    return tmp_path


def test_the_first_person_comes_after_the_administrator(here: Path) -> None:
    assert register.free_id({}) == 1001


def test_who_is_in_the_register_keeps_their_uid_when_the_account_is_gone(here: Path) -> None:
    assert register.free_id({"ada": 1004, "bob": 1002}) == 1005


def homes_of(*owners: int) -> Any:
    """Return a folder whose homes have these owners; only root can make a real one."""
    homes = [Mock(lstat=lambda owner=owner: Mock(st_uid=owner)) for owner in owners]
    return MagicMock(is_dir=lambda: True, iterdir=lambda: homes)


def test_a_home_without_an_account_keeps_its_owner(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(places, "HOMES", homes_of(1007, 1002))
    assert register.free_id({}) == 1008


@pytest.mark.parametrize(
    ("owner", "register_has", "uid"),
    [(1007, {}, 1007), (1007, {"bob": 1007}, 1008), (0, {}, 1001), (1007, {"ada": 1003}, 1003)],
)
def test_who_has_a_home_gets_its_owners_uid_unless_it_is_someone_elses(
    here: Path,
    monkeypatch: pytest.MonkeyPatch,
    owner: int,
    register_has: dict[str, int],
    uid: int,
) -> None:
    homes = homes_of(owner)
    home = Mock(is_dir=lambda: True, lstat=lambda: Mock(st_uid=owner))
    homes.__truediv__ = lambda self, name: home
    monkeypatch.setattr(places, "HOMES", homes)
    assert register.uid_for("ada", register_has) == uid


def test_ids_of_the_system_do_not_count(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places, "HOMES", homes_of(65534, 0))
    assert register.free_id({}) == 1001


def test_accounts_and_groups_of_this_computer_count() -> None:
    assert register.free_id({}) > register.FIRST_ID


def test_what_is_written_is_read(tmp_path: Path) -> None:
    path = tmp_path / "register.json"
    assert register.read_register(path) == {}
    path.write_text(register.registered({"bob": 1002, "ada": 1004}))
    assert register.read_register(path) == {"ada": 1004, "bob": 1002}
    assert list(json.loads(path.read_text())) == ["ada", "bob"]
