"""What the stack sets of JupyterHub's configuration, and what it can't."""

import json
import re
from typing import Any

import pytest

from workbench.host.contract.values import UnusableValueError
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


def test_a_plan_says_nothing_of_looking_at_them() -> None:
    hub = HubSettings.parse({"Spawner": {"mem_limit": "2G", "args": ["it's"]}})
    commands = [jupyterhub.look_at(hub), jupyterhub.KEEP, "mkdir -p /etc/jupyterhub.new"]
    finding = find("JupyterHub", "Write them", commands)
    assert finding.actions == ["make the folder /etc/jupyterhub.new"]
