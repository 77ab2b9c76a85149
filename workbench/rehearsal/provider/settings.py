"""The provider's configuration: read once, refused unless it stays on this computer."""

import ipaddress
import json
from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field
from typing import Any
from urllib.parse import urlsplit

from workbench.errors import ConfigError
from workbench.rehearsal.credentials import ACCESS_KEY
from workbench.rehearsal.credentials import SECRET_KEY

from .values import UNKNOWN
from .values import Properties

# As AWS's own tools and the official plugin know it.
ENDPOINT = "AWS_ENDPOINT_URL"
# In the place of a service: all that have none of their own.
EVERY = "*"

_HINT = 'Run it through the rehearsal\'s stack: workbench up (or eval "$(workbench env)")'


@dataclass(frozen=True)
class Settings:
    """Where the API is and how to call it; ``known`` is false while a preview can't know it."""

    region: str = "us-east-1"
    endpoints: Mapping[str, str] = field(default_factory=dict)
    access_key: str = ACCESS_KEY
    secret_key: str = field(default=SECRET_KEY, repr=False)
    token: str | None = field(default=None, repr=False)
    default_tags: Mapping[str, str] = field(default_factory=dict)
    known: bool = True

    def endpoint(self, service: str) -> str | None:
        """Return the URL to call a service at; None for one that this computer doesn't have."""
        return self.endpoints.get(service) or self.endpoints.get(EVERY)


def read_settings(config: Properties, environment: Mapping[str, str]) -> Settings:
    """Return the settings, or raise ConfigError with a sentence that says what to change.

    A provider of a program's own says little: as with the official plugin, what it leaves out is
    that of the ``environment``, which a rehearsal's engine runs in.
    """
    values = {key: _plain(value) for key, value in config.items()}
    needed = ("region", "endpoints", "accessKey", "secretKey", "defaultTags")
    if any(values.get(key) is UNKNOWN for key in needed):
        return Settings(known=False)
    region = values.get("region") or environment.get("AWS_REGION")
    if not isinstance(region, str) or not region:
        raise ConfigError("The AWS provider has no region.", "pulumi config set aws:region …")
    return Settings(
        region=region,
        endpoints=read_endpoints(values.get("endpoints"), environment.get(ENDPOINT)),
        access_key=str(values.get("accessKey") or ACCESS_KEY),
        secret_key=str(values.get("secretKey") or SECRET_KEY),
        token=values.get("token"),
        default_tags=_tags(values.get("defaultTags")),
    )


def read_endpoints(value: Any, default: str | None = None) -> dict[str, str]:
    """Return service → URL; raise ConfigError for none, or for one that leaves this computer.

    ``default`` is that of all services, where the provider names none.
    """
    entries = value if isinstance(value, list) else [value] if isinstance(value, dict) else []
    endpoints = {
        service: url
        for entry in entries
        if isinstance(entry, dict)
        for service, url in entry.items()
        if isinstance(url, str) and url
    }
    if not endpoints and default:
        endpoints = {EVERY: default}
    if not endpoints:
        raise ConfigError(
            "This is the rehearsal's AWS plugin and the provider has no endpoints, "
            "so it would not stay on this computer.",
            _HINT,
        )
    for service, url in endpoints.items():
        if not is_loopback(url):
            raise ConfigError(
                f"This is the rehearsal's AWS plugin and the endpoint of {service}, {url}, "
                "is not on this computer.",
                _HINT,
            )
    return endpoints


def is_loopback(url: str) -> bool:
    """Return whether the URL's host is this computer's loopback interface."""
    host = urlsplit(url).hostname or ""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _plain(value: Any) -> Any:
    # Nested provider configuration arrives as JSON text, from a stack's config as from an SDK.
    if isinstance(value, str) and value[:1] in "[{" and value:
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value


def _tags(value: Any) -> dict[str, str]:
    tags = value.get("tags") if isinstance(value, dict) else None
    return {str(key): str(text) for key, text in tags.items()} if isinstance(tags, dict) else {}
