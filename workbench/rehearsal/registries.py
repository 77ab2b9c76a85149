"""The package registries this computer is set to use instead of the public ones.

A machine of a rehearsal is behind the same network, and may reach no others. An address on
loopback is of no use to it, and one with a password must not get into a stack's configuration:
both are left out.
"""

import configparser
import os
import sys
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

_INDEX_VARIABLES = ("PIP_INDEX_URL", "UV_DEFAULT_INDEX", "UV_INDEX_URL")
_REGISTRY_VARIABLES = ("npm_config_registry", "NPM_CONFIG_REGISTRY")
_LOOPBACK = ("localhost", "127.", "::1")


def pypi_index() -> str | None:
    """Return the Python package index in pip's or uv's settings, if there is one."""
    return _usable(_variable(_INDEX_VARIABLES) or _first(_pip_index, _pip_files()))


def npm_registry() -> str | None:
    """Return the Node package registry in npm's settings, if there is one."""
    files = [Path.home() / ".npmrc", Path("/usr/local/etc/npmrc"), Path("/etc/npmrc")]
    return _usable(_variable(_REGISTRY_VARIABLES) or _first(_npm_registry, files))


def _variable(names: tuple[str, ...]) -> str | None:
    return next((os.environ[name] for name in names if os.environ.get(name)), None)


def _pip_files() -> list[Path]:
    """Return pip's configuration files, the one that wins first."""
    named = os.environ.get("PIP_CONFIG_FILE")
    return [
        *([Path(named)] if named else []),
        Path(sys.prefix) / "pip.conf",
        Path.home() / ".config" / "pip" / "pip.conf",
        Path.home() / ".pip" / "pip.conf",
        Path("/etc/pip.conf"),
    ]


def _first(read: Callable[[str], str | None], files: list[Path]) -> str | None:
    for path in files:
        try:
            found = read(path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, configparser.Error):
            continue  # not there, or not for us to judge
        if found:
            return found
    return None


def _pip_index(text: str) -> str | None:
    parser = configparser.ConfigParser(interpolation=None)
    parser.read_string(text)
    return parser.get("global", "index-url", fallback=None)


def _npm_registry(text: str) -> str | None:
    for line in text.splitlines():
        key, _, value = line.partition("=")
        if key.strip() == "registry":
            return value.strip().strip("\"'")
    return None


def _usable(url: str | None) -> str | None:
    parts = urlsplit(url or "")
    host = parts.hostname or ""
    if parts.scheme not in ("http", "https") or parts.password or parts.username:
        return None
    return None if host.startswith(_LOOPBACK) else url
