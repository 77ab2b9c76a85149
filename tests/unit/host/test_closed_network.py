"""A proxy and mirrors reach every installer and every session, and nothing that is nearer."""

import json
import re
import subprocess
import tomllib
from collections.abc import Mapping
from configparser import ConfigParser
from pathlib import Path
from typing import Any

import jinja2
import pytest
from least_settings import SETTINGS

from workbench.host.network_settings import NetworkSettings
from workbench.host.run.rendering import TEMPLATES
from workbench.host.settings import Settings
from workbench.host.settings import SettingsError
from workbench.host.system import apt
from workbench.host.system import apt_sources
from workbench.host.system import mirrors
from workbench.host.system import network
from workbench.host.system import session_environment

PROXY = "http://proxy.test:3128"
CLOSED = {
    "region": "eu-central-1",
    "proxy": {"address": PROXY, "exceptions": ["mirror.test", ".near.test", "10.0.0.0/8"]},
    "mirrors": {
        "pypi": "http://mirror.test/simple",
        "npm": "https://mirror.test/npm",
        "apt": "https://deb.near.test/debian",
        "cran": "https://mirror.test/cran/__linux__/{codename}/{snapshot}",
    },
}
DEBIAN = {"ID": "debian", "VERSION_CODENAME": "bookworm"}
UBUNTU = {"ID": "ubuntu", "VERSION_CODENAME": "noble"}


def settings(**more: Any) -> Settings:
    return Settings.parse(json.dumps(SETTINGS | more))


@pytest.fixture(autouse=True)
def debian(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(apt_sources.platform, "freedesktop_os_release", lambda: DEBIAN)
    monkeypatch.setattr(apt, "UPDATED", tmp_path / "apt-updated")


def test_the_proxy_is_not_asked_for_what_is_nearer() -> None:
    direct = settings(**CLOSED).network.direct
    assert {"localhost", "127.0.0.1", "169.254.169.254", "s3.eu-central-1.amazonaws.com"} <= {
        *direct
    }
    assert direct[-3:] == ("mirror.test", ".near.test", "10.0.0.0/8")
    # Others of AWS's are, unless named.
    assert not settings(**CLOSED).network.is_direct("ec2.eu-central-1.amazonaws.com")


def test_s3_in_china_has_another_name() -> None:
    there = settings(**CLOSED | {"region": "cn-north-1"}).network
    assert "s3.cn-north-1.amazonaws.com.cn" in there.direct


@pytest.mark.parametrize(
    ("host", "is_direct"),
    [
        ("mirror.test", True),
        ("below.near.test", True),
        ("10.9.8.7", True),
        ("11.9.8.7", False),
        ("othermirror.test", False),
        ("example.org", False),
    ],
)
def test_what_is_reached_without_the_proxy(host: str, is_direct: bool) -> None:
    assert settings(**CLOSED).network.is_direct(host) is is_direct


def test_the_recipes_programs_find_proxy_and_mirrors() -> None:
    found = network.environment(settings(**CLOSED))
    assert found["https_proxy"] == found["HTTPS_PROXY"] == found["http_proxy"] == PROXY
    assert found["no_proxy"] == found["NO_PROXY"]
    assert "169.254.169.254" in found["no_proxy"].split(",")
    assert found["PIP_INDEX_URL"] == found["UV_DEFAULT_INDEX"] == "http://mirror.test/simple"
    assert found["PIP_TRUSTED_HOST"] == "mirror.test"
    assert found["NPM_CONFIG_REGISTRY"] == "https://mirror.test/npm"
    assert not {"http_proxy", "no_proxy"} & network.environment(settings()).keys()


def rendered(template: str, given: Settings) -> str:
    text = (TEMPLATES / f"{template}.j2").read_text()
    return jinja2.Template(text).render(
        path=session_environment.path_of,
        variables=session_environment.variables(given),
        proxy=given.network.proxy_variables,
        in_home=session_environment.IN_HOME,
        places=session_environment.places,
    )


@pytest.mark.parametrize(
    ("template", "line"),
    [
        ("profile.sh", f'export https_proxy="{PROXY}"'),
        ("environment.d.conf", f"https_proxy={PROXY}"),
        ("pam-env.conf", f"https_proxy DEFAULT={PROXY}"),
        ("Renviron.site", f"https_proxy=${{https_proxy-{PROXY}}}"),
    ],
)
def test_each_place_of_peoples_has_the_proxy(template: str, line: str) -> None:
    assert line in [each.strip() for each in rendered(template, settings(**CLOSED)).splitlines()]
    assert "proxy=" not in rendered(template, settings())


def test_the_web_server_asks_the_proxy_for_certificates_and_never_for_services() -> None:
    unit = rendered("caddy.service", settings(**CLOSED))
    assert f"Environment=HTTPS_PROXY={PROXY} NO_PROXY=localhost," in unit
    assert "HTTP_PROXY=" not in unit.replace("HTTPS_PROXY=", "").replace("NO_PROXY=", "")
    assert "PROXY" not in rendered("caddy.service", settings())


def test_sudo_keeps_the_proxy() -> None:
    kept = 'Defaults env_keep += "http_proxy https_proxy no_proxy HTTP_PROXY HTTPS_PROXY NO_PROXY"'
    assert kept in rendered("sudo-umask", settings(**CLOSED)).splitlines()
    assert "env_keep" not in rendered("sudo-umask", settings())


def test_people_install_from_the_mirrors() -> None:
    texts = mirrors.texts(settings(**CLOSED).network)
    pip = ConfigParser()
    pip.read_string(texts[mirrors.PIP] or "")
    assert dict(pip["global"]) == {
        "index-url": "http://mirror.test/simple",
        "trusted-host": "mirror.test",
    }
    uv = tomllib.loads(texts[mirrors.UV] or "")
    assert uv == {"index": [{"url": "http://mirror.test/simple", "default": True}]}
    assert "registry=https://mirror.test/npm\n" in (texts[mirrors.NPM] or "")
    variables = session_environment.variables(settings(**CLOSED))
    assert variables["NPM_CONFIG_GLOBALCONFIG"] == str(mirrors.NPM)
    assert set(mirrors.texts(settings().network).values()) == {None}


def test_the_files_come_and_go_and_other_peoples_stay(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("PIP", "UV", "NPM"):
        monkeypatch.setattr(mirrors, name, tmp_path / name.lower() / "config")
    closed, none = settings(**CLOSED).network, NetworkSettings()
    assert not mirrors.ensure_mirrors(none)
    assert mirrors.ensure_mirrors(closed)
    assert not mirrors.ensure_mirrors(closed)
    assert {path: path.read_text() for path in mirrors.texts(closed)} == mirrors.texts(closed)
    assert mirrors.NPM.stat().st_mode & 0o777 == 0o644

    mirrors.UV.write_text("# An administrator's.\n")
    assert mirrors.ensure_mirrors(none)
    assert [path.exists() for path in (mirrors.PIP, mirrors.UV, mirrors.NPM)] == [
        False,
        True,
        False,
    ]
    assert not mirrors.ensure_mirrors(none)


def targets(etc: Path) -> list[str]:
    """Return the suites that apt would fetch lists of, as apt itself reads a folder."""
    lists = etc.parent / "lists"
    lists.mkdir(exist_ok=True)
    options = ["-o", f"Dir::Etc={etc}", "-o", f"Dir::State::lists={lists}"]
    command = ["apt-get", *options, "update", "--print-uris"]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return sorted(re.findall(r"^'(\S+)/InRelease'", said, re.MULTILINE))


@pytest.fixture
def etc(tmp_path: Path) -> Path:
    """Return apt's folder as Debian's image has it."""
    folder = tmp_path / "apt"
    for part in ("sources.list.d", "apt.conf.d", "preferences.d"):
        (folder / part).mkdir(parents=True)
    (folder / "sources.list").write_text("")
    before = "Types: deb\nURIs: http://archive.test/debian\nSuites: bookworm\nComponents: main\n"
    (folder / "sources.list.d" / "0000debian.sources").write_text(before)
    return folder


def test_apt_reads_the_mirror_alone_and_the_distributions_come_back_after_it(etc: Path) -> None:
    before = targets(etc)
    assert before == ["http://archive.test/debian/dists/bookworm"]
    apt.UPDATED.touch()
    closed = settings(**CLOSED).network
    assert apt_sources.ensure_sources(closed, etc)
    assert targets(etc) == [
        "https://deb.near.test/debian-security/dists/bookworm-security",
        "https://deb.near.test/debian/dists/bookworm",
        "https://deb.near.test/debian/dists/bookworm-updates",
    ]
    # What apt knows of the archive of before doesn't count.
    assert not apt.UPDATED.exists()
    assert not apt_sources.ensure_sources(closed, etc)

    assert apt_sources.ensure_sources(NetworkSettings(), etc)
    assert targets(etc) == before
    assert not apt_sources.ensure_sources(NetworkSettings(), etc)


def test_an_administrators_own_sources_stay(etc: Path) -> None:
    own = etc / "sources.list.d" / "own.list"
    own.write_text("deb http://own.test/debian stable main\n")
    apt_sources.ensure_sources(settings(**CLOSED).network, etc)
    assert "http://own.test/debian/dists/stable" in targets(etc)


def test_what_comes_back_as_the_distribution_has_it_is_put_aside_again(etc: Path) -> None:
    closed = settings(**CLOSED).network
    apt_sources.ensure_sources(closed, etc)
    (etc / "sources.list").write_text("deb http://archive.test/debian bookworm main\n")
    assert not apt_sources.are_as_wanted(closed, etc)
    apt_sources.ensure_sources(closed, etc)
    assert not any("archive.test" in each for each in targets(etc))


def uris(given: NetworkSettings, release: Mapping[str, str]) -> list[str]:
    lines = apt_sources.sources(given, release).splitlines()
    return [line.removeprefix("URIs: ") for line in lines if line.startswith("URIs: ")]


def test_where_security_updates_come_from() -> None:
    mirror = NetworkSettings(apt="https://m.test/ubuntu/")
    assert uris(mirror, UBUNTU) == ["https://m.test/ubuntu", "https://m.test/ubuntu"]
    assert "universe" in apt_sources.sources(mirror, UBUNTU)
    own = NetworkSettings(apt="https://m.test/d", apt_security="https://m.test/s")
    assert uris(own, DEBIAN) == ["https://m.test/d", "https://m.test/s"]


def test_apt_reads_the_proxy_and_which_hosts_it_reaches_without(etc: Path) -> None:
    apt_sources.ensure_sources(settings(**CLOSED).network, etc)
    command = ["apt-config", "-c", str(etc / apt_sources.PROXY), "dump", "Acquire"]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    for kind in ("http", "https"):
        assert f'Acquire::{kind}::Proxy "{PROXY}";' in said
        # One that is named, and a mirror below a domain that is.
        assert f'Acquire::{kind}::Proxy::mirror.test "DIRECT";' in said
        assert f'Acquire::{kind}::Proxy::deb.near.test "DIRECT";' in said


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"proxy": {"address": "proxy:3128"}}, "must start with https:// and a host"),
        ({"proxy": {"address": "http://me:secret@p.test:1"}}, "has a password in it"),
        ({"proxy": {"address": "http://p.test:1/path"}}, "consists of only a host and a port"),
        ({"proxy": {"address": "http://p%n.test:1"}}, "consists of only a host and a port"),
        ({"proxy": {"address": "http://p.test:port"}}, "consists of only a host and a port"),
        ({"proxy": {"address": "http://p.test:70000"}}, "consists of only a host and a port"),
        ({"proxy": {"exceptions": ['::1%"\nevil $(id)']}}, "neither a host, nor a domain"),
        ({"proxy": {"exceptions": ["*"]}}, "neither a host, nor a domain"),
        ({"proxy": {"exceptions": ["http://x.test"]}}, "neither a host, nor a domain"),
        ({"mirrors": {"apt": "ftp://x"}}, "must start with https:// and a host"),
        ({"mirrors": {"cran": "https://x/{version}"}}, "{codename} and {snapshot} only"),
        ({"mirrors": {"cran": 'https://x/")'}}, "may only have letters"),
    ],
)
def test_what_cant_be_used_is_refused(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(SettingsError) as error:
        settings(**changes)
    assert said in str(error.value)
