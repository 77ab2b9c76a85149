"""The environment in which the recipe's programs reach package registries."""

import os
from urllib.parse import urlsplit

from workbench.host.settings import Settings

BUNDLE = "/etc/ssl/certs/ca-certificates.crt"


def environment(settings: Settings) -> dict[str, str]:
    """Return variables that make pip, uv and npm use the system's CAs, mirrors and proxy.

    Networks with a proxy that re-signs TLS are known to the system's bundle only; these
    programs would otherwise use bundles of their own.
    """
    values = {
        "UV_SYSTEM_CERTS": "1",
        "UV_NO_PROGRESS": "1",
        "PIP_CERT": BUNDLE,
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "PIP_NO_INPUT": "1",
        "PIP_ROOT_USER_ACTION": "ignore",
        "REQUESTS_CA_BUNDLE": BUNDLE,
        "NODE_EXTRA_CA_CERTS": BUNDLE,
        "NPM_CONFIG_FUND": "false",
        "NPM_CONFIG_AUDIT": "false",
        "NPM_CONFIG_UPDATE_NOTIFIER": "false",
    }
    network = settings.network
    if network.pypi:
        values |= {"PIP_INDEX_URL": network.pypi, "UV_DEFAULT_INDEX": network.pypi}
        if host := insecure_host(network.pypi):
            values["PIP_TRUSTED_HOST"] = host
    if network.npm:
        values["NPM_CONFIG_REGISTRY"] = network.npm
    return values | network.proxy_variables


def insecure_host(index: str) -> str | None:
    """Return the host of an index without TLS, which pip takes from nobody unless told so."""
    parts = urlsplit(index)
    return parts.hostname if parts.scheme == "http" else None


def use(settings: Settings) -> None:
    """Put the environment into this process, for every program it starts."""
    os.environ.update(environment(settings))
