"""settings.json is read once, and what can't be used is said in one sentence."""

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest

from workbench.host import service_table
from workbench.host import software
from workbench.host.network_settings import NetworkSettings
from workbench.host.package_lists import PackageLists
from workbench.host.r_settings import RSettings
from workbench.host.settings import Acme
from workbench.host.settings import DataVolume
from workbench.host.settings import Settings
from workbench.host.settings import SettingsError


def values(**changes: Any) -> str:
    whole = {
        "version": 1,
        "name": "Penguin lab",
        "recipe": {"key": "recipe/x.tar.gz", "sha256": "x"},
        "region": "us-east-1",
        "domain": "lab.example.com",
        "names": ["lab.example.com", "www.lab.example.com"],
        "acme": {"directory": None, "email": "me@example.com", "root_certificate": None},
        "administrator": {"name": "ubuntu", "public_keys": ["ssh-ed25519 AAAA me"]},
        "users": [{"name": "ann", "public_keys": [], "administrator": False}],
        "data_volume": {"id": "vol-0123", "device": "/dev/sdf"},
        "rstudio": {"url": None, "sha256": None},
        "mirrors": {"pypi": None, "npm": None},
        "ca_certificates": [],
    }
    return json.dumps(whole | changes)


def test_the_address_is_one_that_a_certificate_can_be_for() -> None:
    assert Settings.parse(values()).address is None
    assert Settings.parse(values(address="203.0.113.7")).address == "203.0.113.7"
    with pytest.raises(SettingsError, match=r"203\.0\.113\.7 \{"):
        Settings.parse(values(address="203.0.113.7 {"))


def test_they_are_read() -> None:
    settings = Settings.parse(values())
    assert settings.names == ("lab.example.com", "www.lab.example.com")
    assert settings.administrator.administrator
    assert not settings.users[0].administrator
    assert settings.rstudio == software.rstudio(software.this_architecture())
    assert settings.r.versions == ("distribution",)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"version": 2}, "version 2"),
        ({"users": [{"name": "Ann; reboot", "public_keys": []}]}, "a user's name is"),
        ({"users": [{"name": "root", "public_keys": []}]}, "a system account"),
        ({"r": {"versions": ["4.6.1; reboot"]}}, "a version of R is"),
        ({"r": {"versions": ["4.6.1"], "checksums": {"4.6.1": "';reboot"}}}, "digits of a SHA-256"),
        ({"r": {"builds": "https://x/';reboot;'"}}, "r.builds"),
        ({"rstudio": {"url": "https://x/';reboot;'.deb", "sha256": "a" * 64}}, "rstudio.url"),
        ({"names": None}, "can't be read"),
        ({"names": ["lab.example.com {"]}, "isn't a domain name"),
        ({"acme": {"directory": "https://x/\n}"}}, "acme.directory"),
        ({"acme": {"email": "me@example.com\n}"}}, "acme.email"),
        ({"data_volume": {}}, "can't be read"),
        ({"home_quota": "20; reboot"}, "home_quota"),
        ({"users": [{"name": "ann", "public_keys": [], "quota": -1}]}, r"users\[0\]\.quota"),
        ({"packages": {"apt": ["ffmpeg; reboot"]}}, r"packages\.apt\[0\]"),
        ({"time_zone": "../../etc/shadow"}, "time_zone"),
        ({"time_zone": "Europe/Berlin; reboot"}, "time_zone"),
    ],
)
def test_what_cannot_be_used_is_said(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        Settings.parse(values(**changes))


def test_no_json_is_said() -> None:
    with pytest.raises(SettingsError, match=r"settings\.json can't be read"):
        Settings.parse("{")


WHOLE = {
    "version": 1,
    "name": "lab",
    "domain": "lab.example.org",
    "names": ["lab.example.org", "www.lab.example.org"],
    "acme": {"directory": "https://ca/d", "email": "me@example.org", "root_certificate": "PEM"},
    "administrator": {"name": "ubuntu", "public_keys": ["a", "b"]},
    "users": [
        {"name": "ann", "public_keys": ["c"], "administrator": True, "quota": 5},
        {"name": "bo", "public_keys": []},
    ],
    "data_volume": {"id": "vol-1", "device": "/dev/sdf", "may_be_elsewhere": True},
    "rstudio": {"url": "https://x/y.deb", "sha256": "0" * 64},
    "mirrors": {"pypi": "https://pypi", "npm": "https://npm"},
    "ca_certificates": ["PEM"],
    "http3": True,
    "host_name_per_user": True,
    "home_quota": 0,
    "services": ["jupyterhub"],
    "packages": {"apt": ["ffmpeg"]},
    "idle_timeout": 60,
    "time_zone": "America/Argentina/Buenos_Aires",
    "r": {"versions": ["4.6.1"]},
    "hub": {"Spawner": {"mem_limit": "2G"}},
    "address": "203.0.113.7",
    "entrance": {"cidr_blocks": ["10.9.1.0/24"]},
}


def test_every_setting_is_what_was_given() -> None:
    settings = Settings.parse(json.dumps(WHOLE))
    found = dataclasses.asdict(settings)
    for gone in ("packages", "r", "network"):
        del found[gone]
    assert found == {
        "name": "lab",
        "domain": "lab.example.org",
        "names": ("lab.example.org", "www.lab.example.org"),
        "acme": WHOLE["acme"],
        "administrator": {
            "name": "ubuntu",
            "public_keys": ("a", "b"),
            "administrator": True,
            "quota": None,
        },
        "users": (
            {"name": "ann", "public_keys": ("c",), "administrator": True, "quota": 5},
            {"name": "bo", "public_keys": (), "administrator": False, "quota": None},
        ),
        "data_volume": WHOLE["data_volume"],
        "rstudio": WHOLE["rstudio"],
        "ca_certificates": ("PEM",),
        "http3": True,
        "host_name_per_user": True,
        "home_quota": 0,
        "services": ("jupyterhub",),
        "idle_timeout": 60,
        "time_zone": "America/Argentina/Buenos_Aires",
        "routes": (),
        "hub": {"traits": {"Spawner": {"mem_limit": "2G"}}},
        "address": "203.0.113.7",
        "entrance": ("10.9.1.0/24",),
    }
    assert settings.packages.apt == ("ffmpeg",)
    assert settings.r.versions == ("4.6.1",)
    assert (settings.network.pypi, settings.network.npm) == ("https://pypi", "https://npm")


def test_what_is_left_out_is_the_usual(tmp_path: Path) -> None:
    needed = ("version", "name", "domain", "names", "administrator", "users", "data_volume")
    volume = {"id": "vol-1", "device": "/dev/sdf"}
    path = tmp_path / "settings.json"
    path.write_text(json.dumps({key: WHOLE[key] for key in needed} | {"data_volume": volume}))
    settings = Settings.read(path)
    assert settings.acme == Acme(None, None, None)
    assert settings.data_volume == DataVolume("vol-1", "/dev/sdf", may_be_elsewhere=False)
    assert (settings.network, settings.ca_certificates) == (NetworkSettings(), ())
    assert (settings.http3, settings.host_name_per_user) == (False, False)
    assert (settings.home_quota, settings.idle_timeout) == (None, 24 * 3600)
    assert (settings.time_zone, settings.address) == ("UTC", None)
    assert settings.packages == PackageLists()
    assert settings.r == RSettings()
    assert settings.rstudio == software.rstudio(software.this_architecture())


def test_a_package_of_ones_own_may_have_no_checksum() -> None:
    settings = Settings.parse(json.dumps(WHOLE | {"rstudio": {"url": "https://x/y.deb"}}))
    assert settings.rstudio == software.Package("https://x/y.deb", None)


USED = "settings.json can't be used: "
ACCOUNT = (
    "but a user's name is lowercase letters, digits, - and _, a letter first, at most 32 of them."
)
GIB = "but must be a whole number from 0 to 16384 GiB."
HOST = "but must start with https:// and a host."


def person(**changed: Any) -> dict[str, Any]:
    return {"users": [{"name": "ann", "public_keys": []} | changed]}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (
            {"version": 2},
            "settings.json is of version 2, and this recipe reads version 1: deploy the stack again"
            " with one version of workbench",
        ),
        (person(name="Ann"), f"{USED}users[0].name is 'Ann', {ACCOUNT}"),
        (person(name="a" * 33), f"{USED}users[0].name is {'a' * 33!r}, {ACCOUNT}"),
        (person(name="root"), f"{USED}users[0].name is 'root', which is a system account."),
        (person(quota=-1), f"{USED}users[0].quota is -1, {GIB}"),
        (person(quota=True), f"{USED}users[0].quota is True, {GIB}"),
        ({"home_quota": "5"}, f"{USED}home_quota is '5', {GIB}"),
        (
            {"names": ["-a"]},
            f"{USED}names is '-a', which isn't a domain name: parts of letters, digits and hyphens,"
            " separated by dots, at least two.",
        ),
        ({"acme": {"directory": "ftp://x"}}, f"{USED}acme.directory is 'ftp://x', {HOST}"),
        ({"acme": {"email": "me"}}, f"{USED}acme.email is 'me', which isn't an email address."),
        ({"rstudio": {"url": "x y"}}, f"{USED}rstudio.url is 'x y', {HOST}"),
        (
            {"time_zone": "../x"},
            f"{USED}time_zone is '../x', but must be a time zone's name of the form Area/City, or"
            " UTC.",
        ),
        (
            {"administrator": {"name": "Root", "public_keys": []}},
            f"{USED}administrator.name is 'Root', {ACCOUNT}",
        ),
        (
            {"rstudio": {"url": "https://x/y.deb", "sha256": "0"}},
            f"{USED}rstudio.sha256 is '0', but must be the 64 hexadecimal digits of a SHA-256.",
        ),
        (
            {"entrance": {"cidr_blocks": ["10.9.1.0"]}},
            f"{USED}entrance.cidr_blocks[0] is '10.9.1.0', which is one address, not a range.",
        ),
        (
            {"services": ["other"]},
            "There is no service 'other': there are jupyterhub, rstudio. Install the package that"
            " adds it in the project's environment, or leave it out.",
        ),
        ({"data_volume": {}}, "settings.json can't be read (KeyError: 'id')"),
        ({"data_volume": {"id": "v"}}, "settings.json can't be read (KeyError: 'device')"),
    ],
)
def test_the_whole_sentence_is_said(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(SettingsError) as error:
        Settings.parse(json.dumps(WHOLE | changes))
    assert str(error.value) == said


def test_nobody_has_the_name_of_a_services_own_account(monkeypatch: pytest.MonkeyPatch) -> None:
    hub = service_table.choose(["jupyterhub"])[0]
    asking = dataclasses.replace(hub, accounts=("ann",))
    monkeypatch.setattr(service_table, "choose", lambda names: (asking,))
    with pytest.raises(SettingsError, match="has an account 'ann' of its own") as error:
        Settings.parse(json.dumps(WHOLE))
    assert str(error.value).endswith("Give the person another name, or leave jupyterhub out.")


def test_no_quota_at_all_is_one() -> None:
    assert Settings.parse(json.dumps(WHOLE | person(quota=0))).users[0].quota == 0
