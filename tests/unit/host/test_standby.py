"""A server alongside the one that serves, whose data volume is at the other."""

import json
from pathlib import Path

import pytest

from workbench.host import places
from workbench.host import service_table
from workbench.host.data import standby
from workbench.host.data.volume import Volume
from workbench.host.people import accounts
from workbench.host.recipe import recipe
from workbench.host.recipe import recipe_on_standby
from workbench.host.recipe import steps_for
from workbench.host.settings import Settings
from workbench.host.system.r_versions import begin_r

NAMES_OF_VOLUME = ("storage", "identity", "users", "jupyterhub", "rstudio_server", "proxy")


SERVICES = service_table.choose(service_table.default_services())
# These settings have the system's R alone.
RECIPE = tuple(step for step in recipe(SERVICES) if step is not begin_r)
STANDBY = recipe_on_standby(SERVICES)


def settings(**volume):
    return Settings.parse(
        json.dumps(
            {
                "version": 1,
                "name": "lab",
                "domain": None,
                "names": [],
                "administrator": {"name": "ubuntu", "public_keys": []},
                "users": [],
                "data_volume": {"id": "vol-1", "device": "/dev/sdf", **volume},
            }
        )
    )


@pytest.fixture
def attached(monkeypatch: pytest.MonkeyPatch) -> dict[str, Path]:
    """Say where volumes are attached; at first nowhere, and nothing is mounted."""
    devices: dict[str, Path] = {}
    monkeypatch.setattr(standby, "find", lambda volume: devices.get(volume.id))
    monkeypatch.setattr(standby.os.path, "ismount", lambda path: False)
    return devices


def test_a_server_waits_for_its_volume_unless_it_may_be_at_another(attached):
    assert steps_for(settings()) == RECIPE


def test_without_the_volume_it_does_only_what_needs_none(attached):
    steps = steps_for(settings(may_be_elsewhere=True))

    names = {step.__name__ for step in steps}
    assert names.isdisjoint(NAMES_OF_VOLUME)
    assert {"packages", "environments", "administrator"} <= names


def test_what_it_does_is_in_the_recipes_order():
    common = [step for step in STANDBY if step in RECIPE]

    assert common == [step for step in RECIPE if step in common]


def test_with_the_volume_it_does_everything(attached):
    attached["vol-1"] = Path("/dev/loop7")

    assert steps_for(settings(may_be_elsewhere=True)) == RECIPE


@pytest.fixture
def servers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Give one volume, and let the test be on the one or the other of two servers."""
    folder = tmp_path / "data" / "accounts"
    monkeypatch.setattr(places, "ACCOUNTS", folder)
    monkeypatch.setattr(accounts, "SAVED", folder / "accounts.json")
    monkeypatch.setattr(accounts, "LAST_RESTORE", folder / "last-restore")
    monkeypatch.setattr(accounts, "read_volume", lambda: Volume("vol-1", "/dev/sdf", "ubuntu"))

    def move_to(server: str) -> None:
        monkeypatch.setattr(accounts, "RESTORED", tmp_path / server / "accounts-restored")

    return move_to


def test_a_server_takes_the_accounts_again_when_another_one_had_the_volume(servers):
    servers("old")
    accounts.restore()
    assert accounts.is_restored()

    servers("new")
    assert not accounts.is_restored()
    accounts.restore()
    assert accounts.is_restored()

    servers("old")
    assert not accounts.is_restored()


def test_a_server_from_before_there_were_two_keeps_its_accounts(servers):
    servers("old")
    accounts.RESTORED.parent.mkdir(parents=True)
    accounts.RESTORED.write_text("vol-1")

    assert accounts.is_restored()
