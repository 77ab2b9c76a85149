"""Which packages everyone has: read from the settings, compared, and told."""

import json
from pathlib import Path
from typing import Any

import pytest

from workbench.host.package_lists import BASE_GROUPS
from workbench.host.package_lists import PackageLists
from workbench.host.package_lists import plain_name
from workbench.host.packages import base_packages
from workbench.host.packages import everyone
from workbench.host.packages import everyone_apt
from workbench.host.packages import everyone_python
from workbench.host.packages import everyone_r
from workbench.host.packages import everyone_told
from workbench.host.packages import manual_packages
from workbench.host.packages import shared_packages
from workbench.host.packages.everyone_told import Told
from workbench.host.run.findings import find
from workbench.host.system import apt

NONE = PackageLists(base=())


@pytest.fixture(autouse=True)
def places(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setattr(everyone_told, "FILE", tmp_path / "packages.json")
    monkeypatch.setattr(everyone_apt, "RECORD", tmp_path / "packages-apt.json")
    folder = tmp_path / "everyone"
    monkeypatch.setattr(everyone_python, "FOLDER", folder)
    for name, path in {"MARKER": ".digest", "RESOLVED": "requirements.txt"}.items():
        monkeypatch.setattr(everyone_python, name, folder / path)
    monkeypatch.setattr(everyone_python, "PACKAGES", folder / "site-packages")
    monkeypatch.setattr(everyone_r, "MANUAL", tmp_path / "site-library")
    monkeypatch.setattr(apt, "missing", lambda names: [])
    return tmp_path


def actions(lists: PackageLists) -> list[str]:
    commands = list(shared_packages.begin._inner(lists))  # type: ignore[attr-defined]
    return find("step", "operation", commands).actions if commands else []


@pytest.fixture(autouse=True)
def unit(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    known = {
        "ActiveState": "inactive",
        "UnitFileState": "enabled",
        "NeedDaemonReload": "no",
        "LoadState": "loaded",
        "runs": False,
    }
    monkeypatch.setattr(shared_packages, "unit_properties", lambda unit: known)
    monkeypatch.setattr(shared_packages, "_runs", lambda: known["runs"])
    return known


def test_settings_without_lists_have_the_whole_base() -> None:
    assert PackageLists.read({}) == PackageLists(BASE_GROUPS, (), (), ())
    assert PackageLists.read({"base": [], "apt": ["ffmpeg"]}) == PackageLists((), ("ffmpeg",))


@pytest.mark.parametrize(
    "values",
    [
        {"apt": ["ffmpeg; reboot"]},
        {"apt": ["ffmpeg-"]},
        {"apt": ["-o"]},
        {"apt": [3]},
        {"python": ["-r /etc/passwd"]},
        {"python": ["git+https://example.org/x"]},
        {"python": ["x @ file:///x"]},
        {"r": ["x', repos='"]},
        {"base": ["everything"]},
    ],
)
def test_what_could_be_more_than_a_name_is_refused(values: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"isn't the name|the base has|must be text"):
        PackageLists.read(values)


def test_names_are_compared_as_the_index_compares_them() -> None:
    assert plain_name("Scikit_Learn[all]>=1,<2") == "scikit-learn"


def test_a_plan_says_what_is_added_and_removed() -> None:
    before = PackageLists(("python",), ("ffmpeg",), ("xgboost",), ())
    Told("before", before).finish()

    assert actions(PackageLists((), ("ffmpeg",), ("xgboost<2",), ("sf",))) == [
        "install for everyone: Python xgboost<2",
        "install for everyone: R sf",
        "remove for everyone: base group python",
        "remove for everyone: Python xgboost",
    ]


def test_nothing_wanted_on_a_new_server_is_nothing_to_do() -> None:
    assert actions(NONE) == []


def test_compilers_come_with_the_packages_for_everyone_whatever_these_are(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(apt, "missing", lambda names: [n for n in names if n == "r-base-dev"])

    assert actions(NONE) == ["install: r-base-dev"]
    Told(everyone.digest(NONE), NONE).finish()
    assert actions(NONE) == ["install: r-base-dev"]


def test_what_is_installed_is_left_alone_until_the_recipes_base_is_another(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lists = PackageLists()
    assert Told(everyone.digest(lists), lists).finish()
    assert actions(lists) == []

    monkeypatch.setattr(base_packages, "APT", {**base_packages.APT, "r": ("r-cran-new",)})
    assert actions(lists) == ["update the packages for everyone"]


def test_what_is_under_way_is_left_alone_and_what_was_interrupted_goes_on(
    unit: dict[str, Any],
) -> None:
    lists = PackageLists()
    Told(everyone.digest(lists), lists).begin("Python packages")

    unit["runs"] = True
    assert actions(lists) == []
    unit["runs"] = False
    assert actions(lists) == ["continue to install them"]


def test_what_failed_is_tried_again(capsys: pytest.CaptureFixture[str]) -> None:
    lists = PackageLists((), ("nosuch",))
    told = Told(everyone.digest(lists), lists)
    told.fail("apt", "nosuch", "the distribution\nhas none")

    assert not told.finish()
    assert json.loads(everyone_told.FILE.read_text())["failed"] == [
        {"kind": "apt", "name": "nosuch", "why": "the distribution has none"}
    ]
    assert actions(lists) == ["try again: apt nosuch"]


def test_a_change_of_lists_does_not_stop_what_is_under_way(unit: dict[str, Any]) -> None:
    Told("before", NONE).begin("Python packages")
    unit["runs"] = True

    commands = list(
        shared_packages.begin._inner(PackageLists((), ("ffmpeg",)))  # type: ignore[attr-defined]
    )

    assert commands == [
        "echo 'apt ffmpeg is not installed for everyone -> install for everyone: apt ffmpeg'"
    ]


def test_an_administrators_python_packages_are_named(
    places: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("numpy-2.4.6", "scikit_learn-1.9.1", "tabulate-0.10.0"):
        (everyone_python.PACKAGES / f"{name}.dist-info").mkdir(parents=True)
    everyone_python.RESOLVED.write_text("numpy==2.4.6 \\\n    --hash=sha256:0\nscikit-learn==1\n")
    monkeypatch.setattr(manual_packages.places, "NOTEBOOKS", places / "notebooks")
    kernels = places / "notebooks" / "lib" / everyone_python.PYTHON / "site-packages"
    for name, installer in (("ipykernel-7", "uv"), ("cowsay-6", "pip")):
        (kernels / f"{name}.dist-info").mkdir(parents=True)
        (kernels / f"{name}.dist-info" / "INSTALLER").write_text(f"{installer}\n")
    (everyone_r.MANUAL / "sf").mkdir(parents=True)
    (everyone_r.MANUAL / "sf" / "DESCRIPTION").touch()

    found = [(each["kind"], each["name"]) for each in manual_packages.all_manual()]

    assert found == [("Python", "tabulate"), ("Python", "cowsay"), ("R", "sf")]
    assert (
        f"remove tabulate from {everyone_python.FOLDER} (add it to workbench:packages to keep it)"
        in actions(PackageLists(base=("python",)))
    )


def test_a_version_of_the_base_keeps_the_hashes_of_its_lock() -> None:
    lock = {"numpy": "numpy==2 \\\n    --hash=sha256:ours\n", "six": "six==1 \\\n    --hash=ours\n"}
    resolved = (
        "numpy==1 \\\n    --hash=sha256:new\nsix==1 \\\n    --hash=theirs\ncowsay==6 \\\n    --h\n"
    )

    assert everyone_python.with_hashes_of(lock, resolved) == (
        "numpy==1 \\\n    --hash=sha256:new\nsix==1 \\\n    --hash=ours\ncowsay==6 \\\n    --h\n"
    )


def test_the_base_has_nothing_that_the_kernels_own_environment_has() -> None:
    kernels = set(everyone_python._names(everyone_python.KERNELS))

    assert "ipykernel" in kernels
    assert not kernels & set(everyone_python._names(everyone_python.LOCK))


@pytest.mark.parametrize(
    ("said", "why"),
    [
        (
            "  × No solution found when resolving dependencies:\n  ╰─▶ Because nosuch was not"
            " found in the package registry\n      and you require nosuch, we can conclude that"
            " your requirements are unsatisfiable.\n",
            "nosuch was not found in the package registry and you require nosuch",
        ),
        (
            "  × Failed to build `x==1`\n  ├─▶ The build backend returned an error\n",
            "Failed to build `x==1` The build backend returned an error",
        ),
        ("", "uv failed without a message"),
    ],
)
def test_uvs_words_are_kept_without_its_drawing(said: str, why: str) -> None:
    assert everyone_python._reason(said) == why


def test_every_r_but_the_distributions_takes_the_base_from_cran(tmp_path: Path) -> None:
    own = everyone_r.R(everyone_r.DISTRIBUTIONS, "4.2")
    posits = everyone_r.R(tmp_path / "bin" / "R", "4.6")
    lists = PackageLists(("r",), r=("praise", "sf"))

    assert own.wanted(lists, ["r-cran-praise"]) == ["sf"]
    assert posits.wanted(lists, ["r-cran-praise"])[-2:] == ["praise", "sf"]
    assert "tidyverse" in posits.wanted(lists, [])
    assert posits.wanted(PackageLists((), r=("sf",)), []) == ["sf"]


def test_the_base_is_named_once_and_in_order() -> None:
    for names in base_packages.APT.values():
        assert list(names) == sorted(set(names))
