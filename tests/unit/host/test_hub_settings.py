"""What the stack sets of JupyterHub's configuration, and what it can't."""

import json
import re
import subprocess
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from workbench.host.contract.values import UnusableValueError
from workbench.host.data import state_files
from workbench.host.jupyter.hub_settings import HubSettings
from workbench.host.jupyter.hub_settings import check_traits
from workbench.host.jupyter.hub_settings import own_traits
from workbench.host.run.findings import find
from workbench.host.services import jupyterhub


def test_values_are_kept_as_they_are() -> None:
    given: dict[str, Any] = {"Spawner": {"mem_limit": "2G", "args": ["--debug"]}}
    assert check_traits(given, "hub") == given
    assert json.loads(HubSettings.parse(given).text) == given
    assert json.loads(HubSettings().text) == {}


def test_what_the_workbench_only_suggests_may_be_another() -> None:
    check_traits({"Spawner": {"default_url": "/tree", "start_timeout": 300}}, "hub")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("Spawner", "must be an object of classes"),
        ({"Spawner": "2G"}, "hub.Spawner is '2G', but must be an object of traits"),
        ({"spawner": {}}, "has 'spawner', which isn't the name of a class"),
        ({1: {}}, "has 1, which isn't the name of a class"),
        ({"Spawner": {1: 2}}, "has 1, which isn't the name of a trait"),
        ({"Spawner": {"a b": 1}}, "has 'a b', which isn't the name of a trait"),
        *(
            ({name: {trait: None}}, f"has {name}.{trait}, which the workbench sets itself")
            for name, trait in (
                ("JupyterHub", "authenticator_class"),
                ("JupyterHub", "spawner_class"),
                ("JupyterHub", "hub_connect_url"),
                ("JupyterHub", "base_url"),
                ("JupyterHub", "services"),
                ("SystemdSpawner", "cmd"),
                ("SocketSpawner", "environment"),
                ("Authenticator", "any_allow_config"),
                ("Authenticator", "allow_all"),
                ("PAMAuthenticator", "admin_groups"),
                ("ConfigurableHTTPProxy", "should_start"),
            )
        ),
    ],
)
def test_what_people_sign_in_by_is_refused(given: Any, said: str) -> None:
    with pytest.raises(UnusableValueError, match=re.escape(said)):
        check_traits(given, "hub")


def test_every_trait_that_the_workbench_sets_is_its_own() -> None:
    assert {"bind_url", "hub_bind_url", "db_url", "load_roles", "extra_paths"} <= own_traits()
    assert "mem_limit" not in own_traits()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Have the hub's files elsewhere; what is written is told in words."""
    for name in ("EXTRA", "BEFORE"):
        path = tmp_path / getattr(jupyterhub, name).name
        monkeypatch.setattr(jupyterhub, name, path)
    put = SimpleNamespace(_inner=lambda **given: iter([f"write {Path(given['dest']).name}"]))
    monkeypatch.setattr(jupyterhub, "files", SimpleNamespace(put=put))
    return tmp_path


def commands(hub: HubSettings) -> list[str]:
    return list(jupyterhub.put_extra._inner(hub))  # type: ignore[attr-defined]


def test_settings_are_looked_at_and_the_former_ones_kept_before_they_are_written(
    folder: Path,
) -> None:
    old = HubSettings({"Spawner": {"mem_limit": "1G", "debug": True}})
    new = HubSettings({"Spawner": {"mem_limit": "2G"}, "JupyterHub": {"log_level": 10}})
    jupyterhub.EXTRA.write_text(old.text)

    told, look, keep, write = commands(new)
    assert "change Spawner.mem_limit, JupyterHub.log_level, Spawner.debug" in told
    assert (look, keep) == (jupyterhub.look_at(new), jupyterhub.KEEP)
    assert write == f"write {jupyterhub.EXTRA.name}"
    assert commands(old) == []
    # There is nothing to look at, and nothing to come back to.
    jupyterhub.EXTRA.unlink()
    assert commands(HubSettings()) == [f"write {jupyterhub.EXTRA.name}"]


def test_what_the_hub_last_started_with_is_kept_through_an_interrupted_converge(
    folder: Path,
) -> None:
    for path in (jupyterhub.EXTRA, jupyterhub.BEFORE):
        path.write_text(HubSettings().text)
    jupyterhub.EXTRA.write_text(HubSettings({"Spawner": {"debug": True}}).text)
    assert jupyterhub.KEEP not in commands(HubSettings({"Spawner": {"debug": False}}))


def kept() -> list[str]:
    return list(jupyterhub.keep_extra._inner())  # type: ignore[attr-defined]


def test_a_hub_that_answers_keeps_them_and_another_gets_its_former_ones(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jupyterhub, "EXTRA_SECONDS", 0.3)
    monkeypatch.setattr(jupyterhub.health, "is_answering", lambda *_: pytest.fail("asked"))
    assert kept() == []

    jupyterhub.BEFORE.write_text(HubSettings().text)
    monkeypatch.setattr(jupyterhub.health, "is_answering", lambda *_: True)
    assert kept() == [f"rm -f {jupyterhub.BEFORE}"]
    monkeypatch.setattr(jupyterhub.health, "is_answering", lambda *_: False)
    (back,) = kept()
    assert f"mv {jupyterhub.BEFORE} {jupyterhub.EXTRA}" in back
    assert "does not start with workbench:jupyterhubConfig" in back
    assert back.endswith("exit 1")
    subprocess.run(["sh", "-n"], input=back, text=True, check=True)


def test_a_plan_says_nothing_of_looking_at_them() -> None:
    hub = HubSettings.parse({"Spawner": {"mem_limit": "2G", "args": ["it's"]}})
    made = [jupyterhub.look_at(hub), jupyterhub.KEEP, "mkdir -p /etc/jupyterhub.new"]
    finding = find("JupyterHub", "Write them", made)
    assert finding.actions == ["make the folder /etc/jupyterhub.new"]


@pytest.mark.parametrize(
    ("changed", "state", "asked"),
    [
        ("1001000000", "active", []),
        ("999000000", "active", ["systemctl restart jupyterhub.service"]),
        ("0", "active", ["systemctl restart jupyterhub.service"]),
        ("999000000", "failed", []),
    ],
)
def test_a_hub_without_a_database_is_restarted_unless_this_run_has_started_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, changed: str, state: str, asked: list[str]
) -> None:
    properties = {"ActiveState": state, "StateChangeTimestampMonotonic": changed}
    monkeypatch.setenv("WORKBENCH_BEGAN", "1000.0")
    monkeypatch.setattr(state_files, "HUB_DATABASE", tmp_path / "jupyterhub.sqlite")
    monkeypatch.setattr(state_files, "hub_findings", lambda *, whole: [])
    monkeypatch.setattr(jupyterhub, "unit_properties", lambda unit: properties)

    assert list(jupyterhub.begin_anew._inner()) == asked  # type: ignore[attr-defined]
    (tmp_path / "jupyterhub.sqlite").touch()
    assert list(jupyterhub.begin_anew._inner()) == []  # type: ignore[attr-defined]
