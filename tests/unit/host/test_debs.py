"""A package's file is let in by what the settings say, and only by that."""

from pathlib import Path

import pytest
from pyinfra.api.command import StringCommand

from workbench.host import places
from workbench.host.software import Package
from workbench.host.system import debs
from workbench.host.system.debs import Deb

URL = "https://example.org/r-4.5.3_1_amd64.deb"


@pytest.fixture(autouse=True)
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places, "CACHE", tmp_path / "cache")
    monkeypatch.setattr(places, "STATE", tmp_path)
    monkeypatch.setattr(debs.apt, "installed_versions", lambda names: dict.fromkeys(names, "1"))


def deb(sha256: str | None) -> Deb:
    return Deb("r-4.5.3", "R 4.5.3", Package(URL, sha256), "name another version")


def commands(operation, *arguments) -> list[str | StringCommand]:
    return list(operation._inner(*arguments))


@pytest.mark.parametrize("sha256", ["a" * 64, None])
def test_a_file_is_verified_between_its_download_and_its_place(sha256: str | None) -> None:
    made = deb(sha256)
    _, download, verify, move = commands(debs.download, made)

    assert f"-o '{made.archive}.part' '{URL}'" in download
    assert ("sha256sum --check" in verify) is bool(sha256)
    assert ("posit_signature" in verify) is not bool(sha256)
    assert move == f"mv '{made.archive}.part' '{made.archive}'"


def test_a_file_that_another_checksum_let_in_is_not_taken_for_this_one() -> None:
    earlier = deb("a" * 64)
    earlier.folder.mkdir(parents=True)
    earlier.archive.touch()

    assert debs.waiting([earlier, deb("b" * 64), deb(None)]) == [earlier]
    assert not commands(debs.download, earlier)
    assert commands(debs.download, deb("b" * 64))


def test_an_installed_file_is_neither_fetched_nor_installed_again() -> None:
    made = deb("a" * 64)
    made.marker.write_text("a" * 64)

    assert made.is_installed
    assert not commands(debs.download, made)
    assert not commands(debs.install, made)
    # Another file by the same name and version.
    assert commands(debs.download, deb("b" * 64))
