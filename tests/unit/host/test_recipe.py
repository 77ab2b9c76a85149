"""The recipe's operations come in an order that leaves nothing open or unconfigured on the way."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from pyinfra.api.state import StateStage

from workbench.host import converge
from workbench.host import cran
from workbench.host import standby
from workbench.host.progress import SEPARATOR
from workbench.host.recipe import RECIPE
from workbench.host.recipe import STANDBY
from workbench.host.recipe import Step
from workbench.host.settings import Settings

SETTINGS = {
    "version": 1,
    "name": "lab",
    "domain": None,
    "names": ["lab.test"],
    "administrator": {"name": "ubuntu", "public_keys": []},
    "users": [],
    "data_volume": {"id": "vol-1", "device": "/dev/sdf"},
}
Operations = dict[tuple[str, str], Any]


@pytest.fixture
def operations(monkeypatch: pytest.MonkeyPatch) -> Callable[[tuple[Step, ...]], Operations]:
    """Return the operations that steps would do, in their order, with pyinfra's arguments."""
    monkeypatch.setattr(standby, "retired", lambda administrator: ())

    def ask(steps: tuple[Step, ...]) -> Operations:
        monkeypatch.setattr(converge, "steps_for", lambda settings: steps)
        settings = Settings.parse(json.dumps(SETTINGS))
        state = converge.prepare(settings, stage=StateStage.Prepare)
        (host,) = state.inventory
        found = {}
        for each in state.get_op_order():
            step, name = next(iter(state.get_op_meta(each).names)).split(SEPARATOR, 1)
            found[step, name] = state.get_op_data_for_host(host, each).global_arguments
        return found

    return ask


@pytest.mark.parametrize("steps", [RECIPE, STANDBY])
@pytest.mark.parametrize(
    "file",
    [
        "/etc/rstudio/rserver.conf",
        "/etc/systemd/system/rstudio-server.service.d/workbench.conf",
        "/etc/pam.d/rstudio",
    ],
)
def test_rstudio_is_configured_before_its_package_starts_it(operations, steps, file) -> None:
    order = list(operations(steps))

    assert order.index(("RStudio Server begun", f"Write {file}")) < order.index(
        ("Packages", "Install packages")
    )


@pytest.mark.parametrize("steps", [RECIPE, STANDBY])
def test_a_failed_download_is_tried_again_and_told_before_versions_are_noted(
    operations, steps
) -> None:
    found = operations(steps)
    early = ("RStudio Server begun", "Download the package")
    late = ("RStudio Server's package", "Download it")

    assert found[early]["_ignore_errors"]
    assert not found[late]["_ignore_errors"]
    assert found[late]["_retries"]
    order = list(found)
    assert order.index(late) < order.index(("Landing page", "Note the versions"))


@pytest.mark.parametrize("steps", [RECIPE, STANDBY])
def test_rs_profile_is_written_after_the_package_it_belongs_to(operations, steps) -> None:
    order = list(operations(steps))

    assert order.index(("Packages", "Install packages")) < order.index(
        ("R packages", "Write /etc/R/Rprofile.site")
    )


@pytest.mark.parametrize("codename", ["noble", "bookworm"])
def test_r_packages_are_a_dated_snapshots_for_the_distribution(
    codename: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    release = {"ID": "a-linux", "VERSION_CODENAME": codename}
    monkeypatch.setattr(cran.platform, "freedesktop_os_release", lambda: release)

    address = f"https://packagemanager.posit.co/cran/__linux__/{codename}/{cran.SNAPSHOT}"
    assert cran.repository() == address
