"""When people's host names come or go, their servers begin again; else they are left alone."""

import json
from pathlib import Path

import pytest

from workbench.host.jupyter.origins import end_servers_of_before
from workbench.host.settings import Settings

SETTINGS = {
    "version": 1,
    "name": "lab",
    "domain": "lab.test",
    "names": ["lab.test"],
    "administrator": {"name": "ubuntu", "public_keys": []},
    "users": [],
    "data_volume": {"id": "vol-1", "device": "/dev/sdf"},
}
BEFORE = {True: 'c.JupyterHub.subdomain_host = "https://lab.test"\n', False: "c = get_config()\n"}


@pytest.mark.parametrize("wanted", [True, False])
@pytest.mark.parametrize("before", [True, False, None])
def test_servers_end_only_when_their_host_names_change(
    tmp_path: Path, before: bool | None, wanted: bool
) -> None:
    settings = Settings.parse(json.dumps(SETTINGS | {"host_name_per_user": wanted}))
    configuration = tmp_path / "jupyterhub_config.py"
    if before is not None:
        configuration.write_text(BEFORE[before])

    commands = list(end_servers_of_before._inner(settings, configuration))

    changes = before is not None and before is not wanted
    assert commands == (["systemctl stop 'jupyter-*-singleuser.service'"] if changes else [])
