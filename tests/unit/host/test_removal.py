"""A service that is turned off is removed, with nothing of its data; twice changes nothing."""

import json
from pathlib import Path
from typing import Any

import pytest
from least_settings import SETTINGS

from workbench.host import places
from workbench.host import service_table
from workbench.host.run.findings import find
from workbench.host.settings import Settings
from workbench.host.web import removal

ACTIVE = {"ActiveState": "active", "UnitFileState": "enabled", "LoadState": "loaded"}
GONE = {"ActiveState": "inactive", "UnitFileState": "", "LoadState": "not-found"}


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> dict[str, Any]:
    """Have a server on which only these units are there."""
    state: dict[str, Any] = {"units": {}, "packages": {}, "noted": tmp_path / "services.json"}
    monkeypatch.setattr(removal, "unit_properties", lambda unit: state["units"].get(unit, GONE))
    monkeypatch.setattr(removal, "_runs", lambda pattern: False)
    monkeypatch.setattr(removal, "SERVICES", state["noted"])
    monkeypatch.setattr(
        removal.apt,
        "installed_versions",
        lambda names: dict.fromkeys(set(names) & set(state["packages"]), "1"),
    )
    return state


def commands(*services: str) -> list[str]:
    settings = Settings.parse(json.dumps(SETTINGS | {"services": services}))
    return list(removal.remove._inner(settings))  # type: ignore[attr-defined]


def test_what_is_on_and_what_isnt_there_is_left_alone(server) -> None:
    server["units"] = {"jupyterhub.service": ACTIVE, "caddy.service": ACTIVE}

    assert commands("jupyterhub") == []


def test_what_is_turned_off_is_stopped_and_its_package_removed(server) -> None:
    server["units"] = {"jupyterhub.service": ACTIVE, "rstudio-server.service": ACTIVE}
    server["packages"] = {"rstudio-server"}

    told, *rest = commands("jupyterhub")
    assert find("step", "operation", [told, *rest]).actions == [
        "remove RStudio Server; its data stays"
    ]
    assert rest[0] == "systemctl disable --now rstudio-server.service"
    # Not a purge: what a program keeps for itself stays.
    assert rest[1].endswith(" remove rstudio-server")


def test_one_whose_package_is_gone_is_removed_by_what_was_noted(server, tmp_path) -> None:
    unit_file = tmp_path / "hello.service"
    unit_file.touch()
    (rstudio,) = (each for each in service_table.own_services() if each.name == "rstudio")
    noted = rstudio.as_record("1.0") | {
        "name": "hello",
        "title": "Hello",
        "unit": "hello.service",
        "package": "",
        "files": [str(unit_file)],
    }
    server["noted"].write_text(json.dumps([noted, {"name": "of-before", "unit": "x.service"}]))
    server["units"] = {"hello.service": ACTIVE}

    assert commands("jupyterhub")[1:] == [
        "systemctl disable --now hello.service",
        f"rm -rf -- {unit_file}",
    ]
    unit_file.unlink()
    server["units"] = {}
    assert commands("jupyterhub") == []


def test_nothing_that_is_removed_is_on_the_data_volume() -> None:
    for service in service_table.own_services():
        for path in service.files:
            assert not path.is_relative_to(places.DATA)
