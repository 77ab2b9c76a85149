"""The table of what comes from Posit says for every system what lets a package in."""

import datetime
import re

import pytest

from workbench.host import software


def test_the_table_has_the_date_it_was_written() -> None:
    written = datetime.date.fromisoformat(software.DATE)
    days = [datetime.date.fromisoformat(day) for day in software.SNAPSHOTS.values()]
    assert all(day <= written for day in days)


def test_every_checksum_is_a_sha256_and_is_there_once() -> None:
    text = software.TABLE.read_text()
    checksums = re.findall(r'= "([0-9a-f]{20,})"', text)
    assert checksums
    assert all(re.fullmatch(r"[0-9a-f]{64}", each) for each in checksums)
    assert len(set(checksums)) == len(checksums)


def test_the_system_that_is_the_default_on_aws_has_the_current_version() -> None:
    assert software.known_r("ubuntu-24.04", "amd64")[0] == software.CURRENT_R
    assert software.rstudio("amd64").sha256
    assert software.RSTUDIO in software.rstudio("amd64").file_name


def test_what_has_no_checksum_needs_posits_signature() -> None:
    assert software.rstudio("arm64").sha256 is None
    assert software.known_r("debian-12", "arm64") == []


@pytest.mark.parametrize(
    ("system", "architecture", "address"),
    [
        ("ubuntu-24.04", "amd64", "https://cdn.posit.co/r/ubuntu-2404/pkgs/r-4.6.1_1_amd64.deb"),
        ("debian-12", "arm64", "https://cdn.posit.co/r/debian-12/pkgs/r-4.6.1_1_arm64.deb"),
    ],
)
def test_r_is_downloaded_from_posits_builds(system: str, architecture: str, address: str) -> None:
    assert software.r_url("4.6.1", system, architecture) == address


@pytest.mark.parametrize(
    ("version", "day"),
    [("4.4.3", "2025-04-10"), ("3.6.3", "2023-04-20"), ("9.1.0", software.SNAPSHOTS["4.6"])],
)
def test_a_version_has_the_snapshot_that_fits_it(version: str, day: str) -> None:
    assert software.snapshot(version) == day


def test_versions_are_in_the_order_of_their_numbers() -> None:
    assert sorted(["4.10.1", "4.9.2", "4.9.10"], key=software.order)[-1] == "4.10.1"
