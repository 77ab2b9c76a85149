"""The configuration of a rehearsal's stack."""

import hashlib
import stat
from dataclasses import replace

import pytest

from workbench.engine.stack_config import Default
from workbench.engine.stack_config import as_text
from workbench.engine.stack_config import config_json
from workbench.engine.stack_config import differing
from workbench.rehearsal.description import Description
from workbench.rehearsal.description import rehearsal_dir
from workbench.rehearsal.registries import npm_registry
from workbench.rehearsal.registries import pypi_index
from workbench.tasks.rehearsal.configuration import ensure_key
from workbench.tasks.rehearsal.configuration import is_set_up
from workbench.tasks.rehearsal.configuration import rehearsal_configuration

CREDENTIALS = "me:secret"


@pytest.fixture(autouse=True)
def no_registries(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    for name in ("PIP_INDEX_URL", "UV_DEFAULT_INDEX", "UV_INDEX_URL", "PIP_CONFIG_FILE"):
        monkeypatch.delenv(name, raising=False)
    for name in ("npm_config_registry", "NPM_CONFIG_REGISTRY"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def description(tmp_path):
    root = tmp_path / "root.pem"
    root.write_text("-----BEGIN CERTIFICATE-----\n")
    return Description(
        name="default",
        pid=1,
        process_start=1,
        boot_id="",
        api_url="http://127.0.0.1:4567",
        region="us-east-1",
        network_gateway="172.30.0.1",
        bridge="br-1",
        acme_directory="https://acme.rehearsal.internal:14000/dir",
        acme_root=str(root),
        ca_certificate="",
        dns="127.0.0.1:53",
        packages_url="http://169.254.169.252/packages/",
        images={"debian-12": "ami-1"},
    )


def test_every_service_goes_to_the_rehearsal(description):
    values = rehearsal_configuration(description)
    [endpoints] = values["aws:endpoints"]
    assert {"ec2", "iam", "sts", "s3", "ssm", "route53", "backup"} <= set(endpoints)
    assert set(endpoints.values()) == {"http://127.0.0.1:4567"}


def test_a_persons_choices_are_defaults_only(description):
    values = rehearsal_configuration(description)
    assert values["workbench:domain"] == Default("workbench.localhost", unless=is_set_up)
    assert values["workbench:os"] == Default("debian-12")
    assert isinstance(values["workbench:publicKey"], Default)
    other = rehearsal_configuration(replace(description, name="trial"))
    assert other["workbench:domain"] == Default("trial.workbench.localhost", unless=is_set_up)


def test_a_private_server_is_not_opened_to_addresses_outside_of_its_network(description):
    values = rehearsal_configuration(description)
    ssh_from = "workbench:sshFrom"
    assert differing(values, {})[0][ssh_from] == ["127.0.0.0/8"]
    assert ssh_from in differing(values, {"workbench:publicAccess": "true"})[0]
    assert ssh_from not in differing(values, {"workbench:publicAccess": "false"})[0]


def test_a_domain_that_was_taken_out_stays_out(description):
    values = rehearsal_configuration(description)
    first, _, _ = differing(values, {})
    assert {"workbench:domain", "workbench:createZone"} <= set(first)
    known = {key: as_text(value) for key, value in first.items()}
    for key in ("workbench:domain", "workbench:createZone"):
        del known[key]
    assert differing(values, known) == ({}, {}, [])


def test_it_says_the_same_each_time(description):
    assert rehearsal_configuration(description) == rehearsal_configuration(description)


def test_it_can_be_set(description):
    values = rehearsal_configuration(description)
    plain = {
        key: value.value if isinstance(value, Default) else value for key, value in values.items()
    }
    assert config_json(plain)


def test_the_key_is_made_once_for_its_owner_only(description):
    public = ensure_key("default")
    assert public.startswith("ssh-ed25519 ")
    assert ensure_key("default") == public
    private = rehearsal_dir("default") / "ssh" / "id_ed25519"
    assert stat.S_IMODE(private.stat().st_mode) == 0o600


def test_the_served_package_is_named_with_its_checksum(description):
    assert "workbench:rstudioUrl" not in rehearsal_configuration(description)
    package = rehearsal_dir("default") / "packages" / "rstudio-server-1+standin.deb"
    package.parent.mkdir(parents=True)
    package.write_bytes(b"a package")
    values = rehearsal_configuration(description)
    assert values["workbench:rstudioUrl"] == (
        "http://169.254.169.252/packages/rstudio-server-1+standin.deb"
    )
    assert values["workbench:rstudioSha256"] == hashlib.sha256(b"a package").hexdigest()


@pytest.mark.parametrize(
    ("url", "used"),
    [
        ("https://mirror.example.org/simple", True),
        (f"https://{CREDENTIALS}@mirror.example.org/simple", False),
        ("http://127.0.0.1:3141/simple", False),
        ("http://localhost/simple", False),
        ("file:///mirror", False),
        ("", False),
    ],
)
def test_only_a_registry_that_machines_can_use_is_passed_on(monkeypatch, url, used):
    monkeypatch.setenv("PIP_INDEX_URL", url)
    monkeypatch.setenv("npm_config_registry", url)
    assert pypi_index() == (url if used else None)
    assert npm_registry() == (url if used else None)


def test_registries_are_read_from_the_tools_own_files(tmp_path, monkeypatch, description):
    home = tmp_path / "home"
    (home / ".config" / "pip").mkdir(parents=True)
    (home / ".config" / "pip" / "pip.conf").write_text(
        "[global]\nindex-url = https://pip.example.org/simple%20x\n"
    )
    (home / ".npmrc").write_text("fund=false\nregistry=https://npm.example.org/\n")
    values = rehearsal_configuration(description)
    assert values["workbench:pypiIndex"] == Default("https://pip.example.org/simple%20x")
    assert values["workbench:npmRegistry"] == Default("https://npm.example.org/")


def test_the_served_versions_of_r_are_named_with_their_checksums(description):
    assert "workbench:rChecksums" not in rehearsal_configuration(description)
    package = rehearsal_dir("default") / "packages/r/debian-12/pkgs/r-4.6.1_1_amd64.deb"
    package.parent.mkdir(parents=True)
    package.write_bytes(b"a package")
    values = rehearsal_configuration(description)
    assert values["workbench:rBuildsUrl"] == "http://169.254.169.252/packages/r"
    assert values["workbench:rChecksums"] == [f"4.6.1={hashlib.sha256(b'a package').hexdigest()}"]
