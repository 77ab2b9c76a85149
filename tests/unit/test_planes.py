"""What two parts that may not import each other say of the same thing is the same."""

import contextlib
import string
from pathlib import Path

import pytest

from workbench.checks import r_versions as checked_r
from workbench.checks import server
from workbench.checks import shared_packages
from workbench.checks import volumes
from workbench.components import packages
from workbench.components import settings
from workbench.components import validation
from workbench.components.errors import ArgumentError
from workbench.components.users import check_users
from workbench.host import bootstrap
from workbench.host import everyone_told
from workbench.host import journal
from workbench.host import package_lists
from workbench.host import places
from workbench.host import r_versions
from workbench.host import settings as host_settings
from workbench.host import shared_packages as unit_of_packages
from workbench.host import software
from workbench.host.settings import TAKEN_NAMES
from workbench.host.settings import VERSION
from workbench.rehearsal import standin
from workbench.remote import recipe_run


def test_the_settings_are_of_the_version_that_the_recipe_reads():
    assert settings.VERSION == VERSION


@pytest.mark.parametrize("name", sorted(TAKEN_NAMES))
def test_a_name_that_the_recipe_refuses_is_refused_before_anything_is_made(name):
    with pytest.raises(ArgumentError, match="account of the system"):
        check_users([{"name": name}], "users")


LETTERS = string.ascii_lowercase + string.digits


@pytest.mark.parametrize(
    ("check", "recipes", "value", "signs"),
    [
        (validation.check_domain, host_settings.HOST_NAME, "my{}lab.example.org", f"{LETTERS}.-"),
        (validation.check_url, host_settings.ADDRESS, "https://example.org/my{}lab", LETTERS),
        (validation.check_url, host_settings.ADDRESS, "https://my{}lab.example.org/", LETTERS),
        (validation.check_email, host_settings.EMAIL, "my{}lab@example.org", f"{LETTERS}.-+"),
        (validation.check_email, host_settings.EMAIL, "ada@my{}lab", f"{LETTERS}.-"),
        (validation.check_user_name, host_settings.ACCOUNT_NAME, "my{}lab", f"{LETTERS}-_"),
        (packages._check_apt, package_lists.APT_NAME, "ff{}mpeg", f"{LETTERS}-+."),
        (packages._check_python, package_lists.PYTHON_NAME, "xg{}boost>=1", f"{LETTERS}-_."),
        (packages._check_python, package_lists.PYTHON_NAME, "xgboost>=1{}", f"{string.digits}."),
        (packages._check_r, package_lists.R_NAME, "data{}table", f"{LETTERS}."),
        (validation.check_sha256, host_settings.SHA256, "{}" + 63 * "0", string.hexdigits),
    ],
)
def test_what_the_recipe_refuses_is_refused_before_anything_is_made(check, recipes, value, signs):
    taken = {}
    for sign in string.printable:
        with contextlib.suppress(ArgumentError):
            taken[sign] = check(value.format(sign), "the value")

    assert [given for given in taken.values() if not recipes.fullmatch(given)] == []
    # A check that refuses everything would let nothing through either.
    assert [sign for sign in signs if sign not in taken] == []


def test_the_base_has_the_same_groups_for_both():
    assert packages.BASE_GROUPS == package_lists.BASE_GROUPS


def test_checks_and_tasks_look_where_the_recipe_writes():
    assert Path(server.CONVERGED) == journal.LAST
    assert Path(server.SERVICES) == places.STATE / "services.json"
    assert Path(checked_r.R) == r_versions.NOTED
    assert Path(shared_packages.FILE) == everyone_told.FILE
    assert f"{shared_packages.UNIT}.service" == unit_of_packages.UNIT
    assert Path(volumes.DATA) == places.DATA
    assert Path(recipe_run.PROGRESS) == journal.PROGRESS


def test_the_tasks_know_the_unit_and_the_log_of_the_bootstrap():
    script = bootstrap.SCRIPT.read_text()

    assert f"/etc/systemd/system/{recipe_run.UNIT}.service" in script
    assert f"StandardOutput=append:{recipe_run.LOG}" in script
    assert recipe_run.PROGRESS in script


def test_the_stand_ins_are_of_the_versions_that_the_recipe_knows():
    assert standin.VERSION.removesuffix("+standin").replace("+", "-") == software.RSTUDIO
    assert list(standin.R_VERSIONS) == sorted(software.known_r("ubuntu-24.04", "amd64"))
    assert software.CURRENT_R in standin.R_VERSIONS


@pytest.mark.parametrize("system", ["debian-12", "ubuntu-24.04"])
def test_the_stand_ins_of_r_are_where_the_recipe_looks_for_posits(system):
    path = standin.r_path("4.6.1", system.replace(".", ""), "amd64")

    assert software.r_url("4.6.1", system, "amd64").removeprefix("https://cdn.posit.co/") == (
        path.as_posix()
    )
