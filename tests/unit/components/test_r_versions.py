"""Which versions of R a stack may name, and what is said of the others."""

import pytest

from workbench.components.errors import ArgumentError
from workbench.components.r_versions import check_r_checksums
from workbench.components.r_versions import check_r_is_known
from workbench.components.r_versions import check_r_versions
from workbench.components.settings import server_settings
from workbench.host import software
from workbench.host.r_settings import RSettings
from workbench.host.software import CURRENT_R

SHA256 = "0123456789abcdef" * 4
KEY = {"public_key": "ssh-ed25519 AAAA"}


def chosen(system="ubuntu-24.04", architectures=("amd64",), **args):
    check_r_is_known(KEY | args, system, architectures)
    return server_settings("lab", KEY | args, "us-east-1", "vol-1")["r"]


def at_server(monkeypatch, system, architecture, values):
    monkeypatch.setattr(software, "this_system", lambda: system)
    monkeypatch.setattr(software, "this_architecture", lambda: architecture)
    return RSettings.parse(values).versions


def test_the_current_version_is_the_default_where_its_checksum_is_known(monkeypatch):
    known = chosen(r_checksums=[f"{CURRENT_R}={SHA256}"])

    for system, architecture, values, version in (
        ("ubuntu-24.04", "amd64", chosen(), CURRENT_R),
        ("ubuntu-24.04", "arm64", chosen(), "distribution"),
        ("debian-12", "amd64", chosen(), "distribution"),
        ("debian-12", "amd64", known, CURRENT_R),
        # Settings from before.
        ("ubuntu-24.04", "amd64", None, "distribution"),
    ):
        assert at_server(monkeypatch, system, architecture, values) == (version,)


def test_several_are_taken_in_their_order():
    versions = ["4.5.3", "distribution", "4.6.1"]

    assert RSettings.parse(chosen(r_versions=versions)).versions == tuple(versions)


def test_a_version_must_be_known_for_both_of_two_servers():
    with pytest.raises(ArgumentError, match=r"4.6.1 for ubuntu-24.04 \(amd64 and arm64\)"):
        chosen(architectures=("arm64", "amd64"), r_versions=["4.6.1"])


@pytest.mark.parametrize("checksum", [SHA256, "signed"])
def test_a_version_that_the_table_lacks_is_let_in_by_the_configuration(checksum):
    values = chosen(r_versions=["4.4.3"], r_checksums=[f"4.4.3 = {checksum.upper()}"])

    package = RSettings.parse(values).package("4.4.3", "ubuntu-24.04", "amd64")
    assert package.sha256 == (None if checksum == "signed" else SHA256)


def test_the_configurations_checksum_wins_over_the_tables():
    values = chosen(r_checksums=[f"4.6.1={SHA256}"], r_builds_url="https://mirror.example.org/r/")

    package = RSettings.parse(values).package("4.6.1", "ubuntu-24.04", "amd64")
    assert package.sha256 == SHA256
    assert package.url == "https://mirror.example.org/r/ubuntu-2404/pkgs/r-4.6.1_1_amd64.deb"


def test_a_version_that_nothing_lets_in_is_told_with_what_to_type():
    with pytest.raises(ArgumentError) as told:
        chosen(r_versions=["4.6.1", "4.4.3"])

    text = str(told.value)
    assert "no checksum of R 4.4.3 for ubuntu-24.04 (amd64)" in text
    assert "those of: 4.6.1, 4.5.3" in text
    assert "pulumi config set --path 'workbench:rChecksums[0]' 4.4.3=SHA256" in text


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ([], "is empty"),
        ("4.6.1", "must be a list"),
        (["4.6"], "three numbers"),
        (["4.6.1;id"], "three numbers"),
        (["latest"], "three numbers"),
        (["4.6.1", "4.6.1"], "4.6.1 twice"),
        ([""], "must be text"),
    ],
)
def test_what_is_no_version_is_refused(values, sentence):
    with pytest.raises(ArgumentError, match=sentence):
        check_r_versions(values, "r_versions")


@pytest.mark.parametrize("text", ["4.6.1", "4.6.1=", "4.6.1=abc", f"4.6={SHA256}", "4.6.1=any"])
def test_what_lets_nothing_in_is_refused(text):
    with pytest.raises(ArgumentError, match="an equals sign"):
        check_r_checksums([text], "r_checksums")
