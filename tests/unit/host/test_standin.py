"""The stand-in for RStudio Server's package says what it is, and is always the same."""

import shutil
import subprocess
from pathlib import Path

import pytest

from workbench.errors import MissingToolError
from workbench.rehearsal.standin import R_VERSIONS
from workbench.rehearsal.standin import VERSION
from workbench.rehearsal.standin import build_package
from workbench.rehearsal.standin import build_r_packages
from workbench.rehearsal.standin import package

needs_dpkg = pytest.mark.skipif(shutil.which("dpkg-deb") is None, reason="needs dpkg-deb")


@needs_dpkg
def test_the_same_bytes_every_time(tmp_path: Path) -> None:
    first, second = build_package(tmp_path / "a"), build_package(tmp_path / "b")
    assert first.read_bytes() == second.read_bytes()
    assert build_package(tmp_path / "a") == first
    assert [path.name for path in (tmp_path / "a").iterdir()] == [first.name]


@needs_dpkg
def test_it_has_the_real_ones_name_and_a_version_that_says_what_it_is(tmp_path: Path) -> None:
    path = build_package(tmp_path)
    shown = subprocess.run(
        ["dpkg-deb", "-f", path, "Package", "Version", "Description"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert "Package: rstudio-server\n" in shown
    assert f"Version: {VERSION}\n" in shown
    assert VERSION.endswith("+standin")
    assert "STAND-IN" in shown
    listed = subprocess.run(["dpkg-deb", "-c", path], capture_output=True, text=True, check=True)
    assert "rstudio-server.service" in listed.stdout


@needs_dpkg
def test_it_brings_no_configuration_in_the_recipes_place(tmp_path: Path) -> None:
    path = build_package(tmp_path)
    listed = subprocess.run(["dpkg-deb", "-c", path], capture_output=True, text=True, check=True)
    assert "/etc/" not in listed.stdout


def test_without_dpkg_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(package.shutil, "which", lambda _: None)
    with pytest.raises(MissingToolError, match="dpkg-deb"):
        build_package(tmp_path)


@needs_dpkg
def test_each_version_of_r_has_the_same_bytes_every_time_and_says_what_it_is(
    tmp_path: Path,
) -> None:
    built = build_r_packages(tmp_path / "a")
    again = build_r_packages(tmp_path / "b")
    assert set(built) == set(R_VERSIONS)
    for version, path in built.items():
        assert path.read_bytes() == again[version].read_bytes()
        fields = ("Package", "Version", "Description")
        shown = subprocess.run(
            ["dpkg-deb", "-f", path, *fields], capture_output=True, text=True, check=True
        ).stdout
        assert f"Package: r-{version}\n" in shown
        assert "Version: 1+standin\n" in shown
        assert "STAND-IN" in shown
        assert "@" not in shown
