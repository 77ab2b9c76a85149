"""The recipe's operations come in an order that leaves nothing open or unconfigured on the way."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from least_settings import SETTINGS
from pyinfra.api.state import StateStage

from workbench.host import service_table
from workbench.host import software
from workbench.host.data import standby
from workbench.host.recipe import recipe
from workbench.host.recipe import recipe_on_standby
from workbench.host.run import converge
from workbench.host.run.progress import SEPARATOR
from workbench.host.run.pyinfra_typed import Step
from workbench.host.settings import Settings
from workbench.host.system import cran

SERVICES = service_table.choose(service_table.default_services())
RECIPE, STANDBY = recipe(SERVICES), recipe_on_standby(SERVICES)
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


@pytest.mark.parametrize(
    ("codename", "version", "day"),
    [
        ("noble", "4.6.1", software.SNAPSHOTS["4.6"]),
        ("noble", "4.5.3", "2026-04-23"),
        # The distributions' own: 4.3.3 and 4.2.2.
        ("noble", "distribution", "2024-04-23"),
        ("bookworm", "distribution", "2023-04-20"),
    ],
)
def test_r_packages_are_of_the_day_that_fits_the_version_for_the_distribution(
    codename: str, version: str, day: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    release = {"ID": "a-linux", "VERSION_CODENAME": codename}
    monkeypatch.setattr(cran.platform, "freedesktop_os_release", lambda: release)

    address = f"https://packagemanager.posit.co/cran/__linux__/{codename}/{day}"
    assert cran.repository(Settings.parse(json.dumps(SETTINGS)), version) == address
    mirrors = {"mirrors": {"cran": "https://ppm.test/cran/{codename}/{snapshot}"}}
    settings = Settings.parse(json.dumps(SETTINGS | mirrors))
    assert cran.repository(settings, version) == f"https://ppm.test/cran/{codename}/{day}"


@pytest.fixture
def several(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have settings that name two versions of R."""
    monkeypatch.setitem(SETTINGS, "r", {"versions": ["4.6.1", "4.5.3"]})
    monkeypatch.setattr(software, "this_system", lambda: "ubuntu-24.04")


@pytest.mark.parametrize("steps", [RECIPE, STANDBY])
def test_versions_of_r_are_fetched_before_apt_and_told_after_the_hub(
    operations, several, steps
) -> None:
    found = operations(steps)
    order = list(found)

    early, late = ("R begun", "Download R 4.5.3"), ("R", "Download R 4.5.3")
    assert found[early]["_ignore_errors"]
    assert not found[late]["_ignore_errors"]
    packages = order.index(("Packages", "Install packages"))
    assert order.index(early) < packages < order.index(late)
    written = ("R", "Write /opt/R/4.5.3/lib/R/etc/Rprofile.site")
    assert order.index(("R", "Install R 4.5.3")) < order.index(written)


@pytest.mark.parametrize("steps", [RECIPE, STANDBY])
def test_only_the_last_steps_wait_for_rs_kernel_package(operations, several, steps) -> None:
    order = list(operations(steps))

    late = order.index(("R kernels", "Have R 4.6.1 run notebooks"))
    last = {"R kernels", "Services answer", "Packages for everyone"}
    others = {step for step, _ in order[late:]} - last
    assert not others
    assert order.index(("R", "Install R 4.6.1")) < late
