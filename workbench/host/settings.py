"""The settings of a workbench's server, read once from settings.json and checked."""

import json
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import field
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any
from typing import Self

from workbench.host import software
from workbench.host.contract import values as contract
from workbench.host.contract.values import UnusableValueError
from workbench.host.jupyter.hub_settings import HubSettings
from workbench.host.network_settings import NetworkSettings
from workbench.host.package_lists import PackageLists
from workbench.host.r_settings import RSettings
from workbench.host.routes import Route
from workbench.host.routes import check_routes
from workbench.host.software import Package

VERSION = 1

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
    network: NetworkSettings = field(default_factory=NetworkSettings)
    # The services that people have, by name.
    services: tuple[str, ...] = field(default_factory=lambda: _services(None))
    # Pages that the stack adds, and traits of JupyterHub's classes that it sets.
    routes: tuple[Route, ...] = ()
    hub: HubSettings = field(default_factory=HubSettings)
    # The Elastic IP, where it is what people type.
    address: str | None = None
    # The ranges that a load balancer in front of it has its addresses in; None where there is none.
    entrance: tuple[str, ...] | None = None

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
        except UnusableValueError as error:
            raise SettingsError(f"settings.json can't be used: {error.message}") from error
        except (ValueError, KeyError, TypeError) as error:
            raise SettingsError(
                f"settings.json can't be read ({type(error).__name__}: {error})"
            ) from error

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read a settings.json file."""
        return cls.parse(path.read_bytes())


def _fields(values: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "name": values["name"],
        "domain": values["domain"],
        "names": tuple(contract.check_domain(name, "names") for name in values["names"]),
        "acme": _acme(values.get("acme") or {}),
        "administrator": _administrator(values["administrator"]),
        "users": tuple(_user(user, f"users[{i}]") for i, user in enumerate(values["users"])),
        "data_volume": _data_volume(values["data_volume"]),
        "rstudio": _rstudio(values.get("rstudio") or {}),
        "ca_certificates": tuple(values.get("ca_certificates") or ()),
        "http3": bool(values.get("http3")),
        "host_name_per_user": bool(values.get("host_name_per_user")),
        "home_quota": _quota(values.get("home_quota"), "home_quota"),
        "packages": PackageLists.read(values.get("packages") or {}),
        "idle_timeout": int(values.get("idle_timeout", IDLE_TIMEOUT)),
        "time_zone": contract.check_time_zone(values.get("time_zone") or "UTC", "time_zone"),
        "r": RSettings.parse(values.get("r")),
        "network": NetworkSettings.parse(values),
        "services": _services(values.get("services"), [user["name"] for user in values["users"]]),
        "routes": _routes(values.get("routes") or [], values.get("services")),
        "hub": HubSettings.parse(values.get("hub") or {}),
        "address": _ipv4(values.get("address")),
        "entrance": _entrance(values.get("entrance")),
    }


def _acme(values: Mapping[str, Any]) -> Acme:
    directory, email = values.get("directory"), values.get("email")
    return Acme(
        contract.check_url(directory, "acme.directory") if directory else None,
        contract.check_email(email, "acme.email") if email else None,
        values.get("root_certificate"),
    )


def _administrator(values: Mapping[str, Any]) -> Account:
    name = contract.check_user_name(values["name"], "administrator.name")
    return Account(name, tuple(values["public_keys"]), administrator=True)


def _user(values: Mapping[str, Any], what: str) -> Account:
    return Account(
        contract.check_person_name(values["name"], f"{what}.name"),
        tuple(values["public_keys"]),
        bool(values.get("administrator")),
        _quota(values.get("quota"), f"{what}.quota"),
    )


def _services(names: Sequence[str] | None, people: Sequence[str] = ()) -> tuple[str, ...]:
    from workbench.host import service_table

    if names is None:
        return service_table.default_services()
    try:
        service_table.refuse_accounts(people, service_table.choose(names))
    except service_table.ServicesError as error:
        raise SettingsError(f"{error.message} {error.hint}") from error
    return tuple(names)


def _routes(values: object, services: Sequence[str] | None) -> tuple[Route, ...]:
    from workbench.host import service_table

    routes = check_routes(values, "routes")
    names = service_table.default_services() if services is None else services
    try:
        service_table.refuse_routes(routes, service_table.choose(names))
    except service_table.ServicesError as error:
        raise SettingsError(f"{error.message} {error.hint}") from error
    return routes


def _quota(value: object, what: str) -> int | None:
    # It ends up in a command.
    return None if value is None else contract.check_number(value, what, 0, 16384, "GiB")


def _data_volume(values: Mapping[str, Any]) -> DataVolume:
    return DataVolume(values["id"], values["device"], bool(values.get("may_be_elsewhere")))


def _rstudio(values: Mapping[str, Any]) -> Package:
    url, sha256 = values.get("url"), values.get("sha256")
    if not url:
        return software.rstudio(software.this_architecture())
    checksum = contract.check_sha256(sha256, "rstudio.sha256") if sha256 else None
    return Package(contract.check_url(url, "rstudio.url"), checksum)


def _entrance(values: Mapping[str, Any] | None) -> tuple[str, ...] | None:
    if not values:
        return None
    return tuple(contract.check_networks(values["cidr_blocks"], "entrance.cidr_blocks"))


def _ipv4(address: str | None) -> str | None:
    # IPv4Address says what is wrong, as a ValueError.
    return str(IPv4Address(address)) if address else None
