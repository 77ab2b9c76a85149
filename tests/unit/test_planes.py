"""What two parts that may not import each other say of the same thing is the same."""

import contextlib
import string
from functools import partial
from pathlib import Path

import pytest

import workbench
from workbench.checks import server
from workbench.checks import shared_packages
from workbench.checks import volumes
from workbench.components import packages
from workbench.components import settings
from workbench.components import validation
from workbench.host import bootstrap
from workbench.host import package_lists
from workbench.host import places
from workbench.host import software
from workbench.host.contract import values
from workbench.host.packages import everyone_told
from workbench.host.packages import shared_packages as unit_of_packages
from workbench.host.run import journal
from workbench.host.settings import VERSION
from workbench.host.system import r_versions
from workbench.rehearsal import standin
from workbench.remote import recipe_run

ROOT = Path(workbench.__file__).parent


def test_the_settings_are_of_the_version_that_the_recipe_reads():
    assert settings.VERSION == VERSION


def _one(kind: str, name: str, what: str) -> str:
    return package_lists.check_names(kind, [name], what)[0]


def test_only_the_contract_has_patterns_of_what_both_planes_check():
    # Where a component had a pattern of its own, the recipe's would be another one some day.
    alone = {"schedule.py", "lookups.py"}
    for path in (ROOT / "components").glob("*.py"):
        assert path.name in alone or "re.compile" not in path.read_text(), path.name
    assert "re.compile" not in (ROOT / "host" / "settings.py").read_text()


LETTERS = string.ascii_lowercase + string.digits


@pytest.mark.parametrize(
    ("check", "of_contract"),
    [
        (validation.check_url, values.check_url),
        (validation.check_person_name, values.check_person_name),
        (packages.check_base_packages, package_lists.check_base_groups),
    ],
)
def test_a_check_of_the_components_is_the_recipes_own(check, of_contract):
    assert check.__wrapped__ is of_contract


@pytest.mark.parametrize(
    ("check", "value", "signs"),
    [
        (values.check_domain, "my{}lab.example.org", f"{LETTERS}.-"),
        (values.check_url, "https://example.org/my{}lab", LETTERS),
        (values.check_url, "https://my{}lab.example.org/", LETTERS),
        (values.check_email, "my{}lab@example.org", f"{LETTERS}.-+"),
        (values.check_email, "ada@my{}lab", f"{LETTERS}.-"),
        (values.check_user_name, "my{}lab", f"{LETTERS}-_"),
        (values.check_time_zone, "Europe/Ber{}lin", LETTERS),
        (partial(_one, "apt"), "ff{}mpeg", f"{LETTERS}-+."),
        (partial(_one, "python"), "xg{}boost>=1", f"{LETTERS}-_."),
        (partial(_one, "python"), "xgboost>=1{}", f"{string.digits}."),
        (partial(_one, "r"), "data{}table", f"{LETTERS}."),
        (values.check_sha256, "{}" + 63 * "0", string.hexdigits),
    ],
)
def test_what_ends_up_in_commands_has_no_quote_brace_or_blank(check, value, signs):
    taken = {}
    for sign in string.printable:
        with contextlib.suppress(values.UnusableValueError):
            taken[sign] = check(value.format(sign), "the value")
    assert not set("".join(taken.values())) & set("\"'`{}" + string.whitespace)
    # A check that refuses everything would let nothing through either.
    assert [sign for sign in signs if sign not in taken] == []


def test_checks_and_tasks_look_where_the_recipe_writes():
    assert Path(server.CONVERGED) == journal.LAST
    assert Path(server.SERVICES) == places.STATE / "services.json"
    assert Path(server.R) == r_versions.NOTED
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
