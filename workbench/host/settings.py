"""The settings of a workbench's server, read once from settings.json and checked."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any
from typing import Self

from . import software
from .package_lists import PackageLists
from .r_settings import RSettings
from .software import ADDRESS
from .software import Package

VERSION = 1
ACCOUNT_NAME = re.compile(r"[a-z_][a-z0-9_-]{0,31}")
# What the distribution has already, or the recipe makes.
TAKEN_NAMES = frozenset(
    {"root", "daemon", "nobody", "caddy", "rstudio-server", "workbench", "sshd", "ssm-user"}
)
# These end up in commands and in Caddy's configuration.
HOST_NAME = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:[0-9]+)?")
EMAIL = re.compile(r"[^\s@{}\"'`]+@[^\s@{}\"'`]+")
SHA256 = re.compile(r"[0-9a-f]{64}")
TIME_ZONE = re.compile(r"[A-Z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+)*", re.ASCII)

# Seconds after which a Jupyter server that nobody uses is ended; 0 is never.
IDLE_TIMEOUT = 24 * 3600


class SettingsError(Exception):
    """The settings can't be used; the message is one plain sentence."""


@dataclass(frozen=True)
class Account:
    """A person who signs in: their account's name, SSH public keys, and whether they may sudo."""

    name: str
    public_keys: tuple[str, ...]
    administrator: bool = False
    # GiB of the data volume; None is what everyone has.
    quota: int | None = None


@dataclass(frozen=True)
class Acme:
    """Where certificates come from; None everywhere is Caddy's default, Let's Encrypt."""

    directory: str | None
    email: str | None
    root_certificate: str | None


@dataclass(frozen=True)
class DataVolume:
    """The EBS volume that homes and identity live on, and the device name it was attached as.

    While there are two servers it may be at the other one.
    """

    id: str
    device: str
    may_be_elsewhere: bool = False


@dataclass(frozen=True)
class Settings:
    """Everything the recipe needs to know of one workbench."""

    name: str
    domain: str | None
    names: tuple[str, ...]
    acme: Acme
    administrator: Account
    users: tuple[Account, ...]
    data_volume: DataVolume
    rstudio: Package
    pypi_index: str | None
    npm_registry: str | None
    ca_certificates: tuple[str, ...]
    http3: bool = False
    host_name_per_user: bool = False
    # GiB that each person may have of the data volume; None is by its size, 0 no limit.
    home_quota: int | None = None
    idle_timeout: int = IDLE_TIMEOUT
    # A name of the IANA database.
    time_zone: str = "UTC"
    packages: PackageLists = field(default_factory=PackageLists)
    r: RSettings = field(default_factory=RSettings)
    # The Elastic IP, where it is what people type.
    address: str | None = None

    @classmethod
    def parse(cls, text: str | bytes) -> Self:
        """Read settings.json's text; raise SettingsError when it can't be used."""
        try:
            values = json.loads(text)
            if values["version"] != VERSION:
                raise SettingsError(
                    f"settings.json is of version {values['version']}, and this recipe reads "
                    f"version {VERSION}: deploy the stack again with one version of workbench"
                )
            return cls(**_fields(values))
        except (ValueError, KeyError, TypeError) as error:
            raise SettingsError(
                f"settings.json can't be read ({type(error).__name__}: {error})"
            ) from error

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read a settings.json file."""
        return cls.parse(path.read_bytes())


def _fields(values: Mapping[str, Any]) -> dict[str, Any]:
    acme, mirrors = values.get("acme") or {}, values.get("mirrors") or {}
    administrator = values["administrator"]
    return {
        "name": values["name"],
        "domain": values["domain"],
        "names": tuple(_host_name(name) for name in values["names"]),
        "acme": _acme(acme),
        "administrator": _account(administrator | {"administrator": True}),
        "users": tuple(_account(user) for user in values["users"]),
        "data_volume": _data_volume(values["data_volume"]),
        "rstudio": _rstudio(values.get("rstudio") or {}),
        "pypi_index": mirrors.get("pypi"),
        "npm_registry": mirrors.get("npm"),
        "ca_certificates": tuple(values.get("ca_certificates") or ()),
        "http3": bool(values.get("http3")),
        "host_name_per_user": bool(values.get("host_name_per_user")),
        "home_quota": _quota(values.get("home_quota"), "home_quota"),
        "packages": PackageLists.read(values.get("packages") or {}),
        "idle_timeout": int(values.get("idle_timeout", IDLE_TIMEOUT)),
        "time_zone": _time_zone(values.get("time_zone") or "UTC"),
        "r": RSettings.parse(values.get("r")),
        "address": _ipv4(values.get("address")),
    }


def _acme(values: Mapping[str, Any]) -> Acme:
    directory, email = values.get("directory"), values.get("email")
    if directory and not ADDRESS.fullmatch(directory):
        raise SettingsError("acme.directory must be an http(s) address without blanks or quotes")
    if email and not EMAIL.fullmatch(email):
        raise SettingsError(f"acme.email is {email!r}, which is not an e-mail address")
    return Acme(directory, email, values.get("root_certificate"))


def _account(values: Mapping[str, Any]) -> Account:
    name = values["name"]
    if not ACCOUNT_NAME.fullmatch(name):
        raise SettingsError(
            f"{name!r} can't be an account's name: it starts with a small letter and holds "
            "lowercase letters, digits, - and _, 32 at most"
        )
    if name in TAKEN_NAMES:
        raise SettingsError(f"{name!r} can't be a person's account: the name is taken")
    quota = _quota(values.get("quota"), f"{name}'s quota")
    return Account(name, tuple(values["public_keys"]), bool(values.get("administrator")), quota)


def _quota(value: object, what: str) -> int | None:
    # It ends up in a command.
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise SettingsError(f"{what} is {value!r}, which is no whole number of GiB")
    return value


def _data_volume(values: Mapping[str, Any]) -> DataVolume:
    return DataVolume(values["id"], values["device"], bool(values.get("may_be_elsewhere")))


def _rstudio(values: Mapping[str, Any]) -> Package:
    url, sha256 = values.get("url"), values.get("sha256")
    if not url:
        return software.rstudio(software.this_architecture())
    if not ADDRESS.fullmatch(url) or not SHA256.fullmatch(sha256 or "0" * 64):
        raise SettingsError(
            "rstudio.url must be an http(s) address without blanks or quotes, "
            "and rstudio.sha256 64 small hexadecimal digits"
        )
    return Package(url, sha256)


def _time_zone(name: str) -> str:
    # It ends up in commands and in a path.
    if not TIME_ZONE.fullmatch(name):
        raise SettingsError(f"time_zone is {name!r}, which is no name such as Europe/Berlin")
    return name


def _ipv4(address: str | None) -> str | None:
    # IPv4Address says what is wrong, as a ValueError.
    return str(IPv4Address(address)) if address else None


def _host_name(name: str) -> str:
    if not HOST_NAME.fullmatch(name):
        raise SettingsError(f"{name!r} is not a name that a web server can have")
    return name
