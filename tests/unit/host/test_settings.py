"""settings.json is read once, and what can't be used is said in one sentence."""

import json
from typing import Any

import pytest

from workbench.host import software
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
        ({"users": [{"name": "root", "public_keys": []}]}, "an account of the system"),
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
