"""The environment in which the recipe's programs reach package registries."""

import os
from urllib.parse import urlsplit

from workbench.host.settings import Settings

BUNDLE = "/etc/ssl/certs/ca-certificates.crt"


def environment(settings: Settings) -> dict[str, str]:
    """Return variables that make pip, uv and npm use the system's CAs and the mirrors.

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
    if settings.pypi_index:
        values |= {"PIP_INDEX_URL": settings.pypi_index, "UV_DEFAULT_INDEX": settings.pypi_index}
        index = urlsplit(settings.pypi_index)
        if index.scheme == "http" and index.hostname:
            values["PIP_TRUSTED_HOST"] = index.hostname
    if settings.npm_registry:
        values["NPM_CONFIG_REGISTRY"] = settings.npm_registry
    return values


def use(settings: Settings) -> None:
    """Put the environment into this process, for every program it starts."""
    os.environ.update(environment(settings))
