"""How a server reaches what it installs: by a proxy, from mirrors, as the settings name them."""

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from typing import Self
from urllib.parse import SplitResult
from urllib.parse import urlsplit

from workbench.host.contract.values import UnusableValueError
from workbench.host.contract.values import check_text
from workbench.host.contract.values import check_url
from workbench.host.contract.values import shown

# A host, or all below a domain where a dot comes first, with a port or not.
_EXCEPTION = re.compile(r"\.?[a-z0-9-]+(\.[a-z0-9-]+)*(:[0-9]{1,5})?", re.ASCII)
# Nothing that a unit's file, a shell or an rc file would take for more than an address.
_PROXY = re.compile(r"https?://([A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?", re.ASCII)
# Of addresses: after a percent sign, Python takes anything for the name of a network card.
_RANGE = re.compile(r"[0-9a-f:./]+", re.ASCII)
# What stands for the distribution's codename and the snapshot's day in a repository's address.
PLACEHOLDERS = ("{codename}", "{snapshot}")
# This server itself, and its metadata, with the role's credentials: they are in no proxy's reach.
ALWAYS_DIRECT = ("localhost", "127.0.0.1", "::1", "169.254.169.254", "fd00:ec2::254")


@dataclass(frozen=True)
class NetworkSettings:
    """The proxy, what it isn't asked for, and mirrors; None is what is usual without.

    ``apt`` is of the distribution's archive, ``apt_security`` of its security updates.
    """

    region: str | None = None
    http_proxy: str | None = None
    no_proxy: tuple[str, ...] = ()
    pypi: str | None = None
    npm: str | None = None
    apt: str | None = None
    apt_security: str | None = None
    cran: str | None = None

    @classmethod
    def parse(cls, values: Mapping[str, Any]) -> Self:
        """Read them from all settings; raise UnusableValueError for what can't be used."""
        proxy, mirrors = values.get("proxy") or {}, values.get("mirrors") or {}
        address, exceptions = proxy.get("address"), proxy.get("exceptions") or ()
        urls = {
            name: check_url(mirrors[name], f"mirrors.{name}") if mirrors.get(name) else None
            for name in ("pypi", "npm", "apt", "apt_security")
        }
        cran = mirrors.get("cran")
        return cls(
            values.get("region"),
            check_proxy(address, "proxy.address") if address else None,
            tuple(check_exception(each, "proxy.exceptions") for each in exceptions),
            **urls,
            cran=check_repository(cran, "mirrors.cran") if cran else None,
        )

    @property
    def direct(self) -> tuple[str, ...]:
        """What is reached without the proxy: S3 among it, where the server has its recipe from.

        A private network has an endpoint for it; other endpoints are for the settings to name.
        """
        end = ".cn" if (self.region or "").startswith("cn-") else ""
        s3 = f"s3.{self.region}.amazonaws.com{end}"
        region = (s3, f".{s3}") if self.region else ()
        return tuple(dict.fromkeys([*ALWAYS_DIRECT, *region, *self.no_proxy]))

    @property
    def proxy_variables(self) -> dict[str, str]:
        """The environment that programs find the proxy by; nothing where there is none."""
        if self.http_proxy is None:
            return {}
        address, direct = self.http_proxy, ",".join(self.direct)
        small = {"http_proxy": address, "https_proxy": address, "no_proxy": direct}
        # curl reads the small http_proxy only, others the large ones only.
        return small | {name.upper(): value for name, value in small.items()}

    def is_direct(self, host: str) -> bool:
        """Say whether a host is reached without the proxy."""
        return any(_covers(each, host) for each in self.direct)


def _covers(exception: str, host: str) -> bool:
    try:
        return ipaddress.ip_address(host) in ipaddress.ip_network(exception)
    except ValueError:
        name = exception.partition(":")[0].lstrip(".")
        return host == name or host.endswith(f".{name}")


def check_proxy(value: object, what: str) -> str:
    """Return a proxy's address: scheme, host and port."""
    text = check_url(value, what).rstrip("/")
    parts = urlsplit(text)
    if not _PROXY.fullmatch(text) or not _has_port(parts):
        raise UnusableValueError(
            f"{what} is {shown(text)}, but a proxy consists of only a host and a port.",
            "For example: http://proxy.example.org:3128",
        )
    return text


def _has_port(parts: SplitResult) -> bool:
    """Say whether a port, if there is one, can be one."""
    try:
        return parts.port != 0
    except ValueError:
        return False


def check_exception(value: object, what: str) -> str:
    """Return a host, a domain with a dot before it, an address, or a range of addresses."""
    text = check_text(value, what).lower()
    if not _EXCEPTION.fullmatch(text) and not _is_range(text):
        raise UnusableValueError(
            f"{what} is {shown(text)}, which is neither a host, nor a domain with a dot before "
            "it, nor a range of addresses.",
            "For example: ec2.us-east-1.amazonaws.com, .example.org or 10.0.0.0/8",
        )
    return text


def _is_range(text: str) -> bool:
    try:
        ipaddress.ip_network(text)
    except ValueError:
        return False
    return _RANGE.fullmatch(text) is not None


def check_repository(value: object, what: str) -> str:
    """Return the address of a repository of R packages, in which there may be placeholders."""
    text = check_text(value, what)
    plain = text
    for placeholder in PLACEHOLDERS:
        plain = plain.replace(placeholder, "x")
    if set(plain) & set("{}"):
        raise UnusableValueError(
            f"{what} is {shown(text)}, but in braces it may have {' and '.join(PLACEHOLDERS)} only."
        )
    check_url(plain, what)
    return text
